#include "cmdline.h"
#include "document_disks.h"
#include "fields.h"

bool document_size(const char *cmdline, const char *key, size_t *size)
{
    char text[16];
    uint64_t bytes = 0;

    enum cmdline_result result = cmdline_value(cmdline, key, text, sizeof(text));
    *size = 0;
    if (result == CMDLINE_ABSENT)
        return true;
    if (result != CMDLINE_OK || !parse_decimal(text, 1, DOCUMENT_LIMIT, &bytes))
        return false;
    *size = (size_t)bytes;
    return true;
}
