#include "mountinfo.h"

#include <stdint.h>
#include <string.h>

#include "fields.h"

/* The kernel writes space, tab, newline and backslash as three octal digits. */
static void unescape(char *text)
{
    char *to = text;

    for (const char *from = text; *from != '\0';) {
        if (from[0] == '\\' && from[1] >= '0' && from[1] <= '3' && from[2] >= '0' && from[2] <= '7' && from[3] >= '0' && from[3] <= '7') {
            *to++ = (char)((from[1] - '0') * 64 + (from[2] - '0') * 8 + (from[3] - '0'));
            from += 4;
        } else {
            *to++ = *from++;
        }
    }
    *to = '\0';
}

static bool parse_device(char *text, struct mount_entry *entry)
{
    char *parts[2];
    uint64_t major, minor;

    if (split_fields(text, ':', parts, 2) != 2 || !parse_decimal(parts[0], 0, UINT32_MAX, &major) || !parse_decimal(parts[1], 0, UINT32_MAX, &minor))
        return false;
    entry->major = (unsigned int)major;
    entry->minor = (unsigned int)minor;
    return true;
}

bool parse_mount_line(char *line, struct mount_entry *entry)
{
    enum { ID, PARENT, DEVICE, ROOT, POINT, OPTIONS, OPTIONAL, LIMIT = 24 };
    char *fields[LIMIT];

    line[strcspn(line, "\n")] = '\0';
    size_t count = split_fields(line, ' ', fields, LIMIT);
    if (count > LIMIT)
        return false;
    size_t dash = OPTIONAL;
    while (dash < count && strcmp(fields[dash], "-") != 0)
        dash++;
    if (dash + 3 >= count || !parse_device(fields[DEVICE], entry))
        return false;
    entry->point = fields[POINT];
    entry->options = fields[OPTIONS];
    entry->type = fields[dash + 1];
    entry->source = fields[dash + 2];
    entry->super_options = fields[dash + 3];
    unescape(entry->point);
    unescape(entry->source);
    return true;
}

bool has_option(const char *options, const char *option)
{
    size_t length = strlen(option);

    for (const char *word = options; *word != '\0'; word += *word == ',') {
        size_t word_length = strcspn(word, ",");
        if (word_length == length && strncmp(word, option, length) == 0)
            return true;
        word += word_length;
    }
    return false;
}

bool is_below(const char *path, const char *directory)
{
    size_t length = strlen(directory);

    return strncmp(path, directory, length) == 0 && (path[length] == '\0' || path[length] == '/');
}
