#include "cmdline.h"

#include <string.h>

static const char WHITE_SPACE[] = " \t\n";

enum cmdline_result cmdline_value(const char *line, const char *key, char *value, size_t size)
{
    size_t key_length = strlen(key);
    bool found = false;

    for (const char *word = line + strspn(line, WHITE_SPACE); *word != '\0'; word += strspn(word, WHITE_SPACE)) {
        size_t length = strcspn(word, WHITE_SPACE);
        if (length > key_length && word[key_length] == '=' && strncmp(word, key, key_length) == 0) {
            size_t value_length = length - key_length - 1;
            if (found)
                return CMDLINE_REPEATED;
            if (value_length >= size)
                return CMDLINE_TOO_LONG;
            memcpy(value, word + key_length + 1, value_length);
            value[value_length] = '\0';
            found = true;
        }
        word += length;
    }
    return found ? CMDLINE_OK : CMDLINE_ABSENT;
}
