#include "engine_config.h"

#include <errno.h>

#include "files.h"

bool copy_engine_config(const char *source)
{
    static char text[16384];
    ssize_t length = read_file(source, text, sizeof(text));

    if (length == (ssize_t)sizeof(text) - 1)
        errno = EFBIG;
    return length >= 0 && length < (ssize_t)sizeof(text) - 1 && create_file(ENGINE_CONFIG, text, 0600);
}
