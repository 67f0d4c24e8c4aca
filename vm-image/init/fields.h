#ifndef BULKHEAD_FIELDS_H
#define BULKHEAD_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * Splits `text` in place at each `separator`; empty fields count. Returns the number of fields, or `limit` + 1 when there
 * are more than `limit`, in which case `fields` holds the first `limit`.
 */
size_t split_fields(char *text, char separator, char **fields, size_t limit);

/** Reads a decimal number without sign, space or superfluous zero, between `low` and `high`. */
bool parse_decimal(const char *text, uint64_t low, uint64_t high, uint64_t *number);

/** True when `text` is `length` lower-case hexadecimal digits and nothing else. */
bool is_lower_hex(const char *text, size_t length);

#endif
