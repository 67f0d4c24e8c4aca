#ifndef BULKHEAD_JSON_H
#define BULKHEAD_JSON_H

#include <stddef.h>

/**
 * Writes `text` as the inside of a JSON string: quotes, backslashes and control bytes escaped, bytes outside ASCII replaced by `?`.
 * Cut where `size` ends, never in the middle of an escape; always terminated.
 */
void json_escape(const char *text, char *out, size_t size);

#endif
