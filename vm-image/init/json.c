#include "json.h"

#include <stdio.h>
#include <string.h>

void json_escape(const char *text, char *out, size_t size)
{
    size_t used = 0;

    for (const char *c = text; *c != '\0'; c++) {
        char piece[8];
        unsigned char byte = (unsigned char)*c;
        if (byte == '"' || byte == '\\')
            snprintf(piece, sizeof(piece), "\\%c", byte);
        else if (byte < 0x20)
            snprintf(piece, sizeof(piece), "\\u%04x", byte);
        else
            snprintf(piece, sizeof(piece), "%c", byte < 0x7f ? byte : '?');
        size_t length = strlen(piece);
        if (used + length >= size)
            break;
        memcpy(out + used, piece, length);
        used += length;
    }
    out[used] = '\0';
}
