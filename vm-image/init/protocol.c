#include "protocol.h"

#include <stdint.h>
#include <string.h>

#include "fields.h"

/* The name becomes a part of a path. */
static bool is_step_name(const char *name)
{
    return name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789")] == '\0';
}

bool parse_request(const char *line, struct request *request)
{
    char copy[PROTOCOL_LINE_LIMIT];
    char *fields[3];
    uint64_t number;

    if (strlen(line) >= sizeof(copy))
        return false;
    strcpy(copy, line);
    size_t count = split_fields(copy, ' ', fields, 3);
    memset(request, 0, sizeof(*request));
    if (count == 1 && strcmp(fields[0], "list") == 0) {
        request->verb = VERB_LIST;
        return true;
    }
    if (count == 1 && strcmp(fields[0], "sync") == 0) {
        request->verb = VERB_SYNC;
        return true;
    }
    if (count == 1 && strcmp(fields[0], "trim") == 0) {
        request->verb = VERB_TRIM;
        return true;
    }
    if (count == 1 && strcmp(fields[0], "power-off") == 0) {
        request->verb = VERB_POWER_OFF;
        return true;
    }
    if (count < 2 || count > 3 || fields[1][0] == '\0' || strlen(fields[1]) >= sizeof(request->name))
        return false;
    strcpy(request->name, fields[1]);
    if (count == 2 && strcmp(fields[0], "start") == 0) {
        request->verb = VERB_START;
        return true;
    }
    if (count == 2 && strcmp(fields[0], "unmount-step") == 0 && is_step_name(request->name)) {
        request->verb = VERB_UNMOUNT_STEP;
        return true;
    }
    if (count == 3 && strcmp(fields[0], "signal") == 0 && parse_decimal(fields[2], 1, 64, &number)) {
        request->verb = VERB_SIGNAL;
        request->signal = (int)number;
        return true;
    }
    return false;
}

enum line_result line_add(struct line_buffer *buffer, char byte)
{
    if (byte == '\n') {
        enum line_result result = buffer->overlong ? LINE_OVERLONG : LINE_READY;
        buffer->bytes[buffer->used] = '\0';
        buffer->used = 0;
        buffer->overlong = false;
        return result;
    }
    if (byte == '\0' || buffer->used + 1 >= sizeof(buffer->bytes))
        buffer->overlong = true;
    else
        buffer->bytes[buffer->used++] = byte;
    return LINE_MORE;
}
