#ifndef BULKHEAD_CMDLINE_H
#define BULKHEAD_CMDLINE_H

#include <stdbool.h>
#include <stddef.h>

enum cmdline_result { CMDLINE_OK, CMDLINE_ABSENT, CMDLINE_REPEATED, CMDLINE_TOO_LONG };

/**
 * Copies the value of `key=value` from a kernel command line (words parted by white space, no quoting) into `value`.
 * A key given twice is CMDLINE_REPEATED: the kernel's own habit of letting the last one win would let text appended to a
 * command line replace what the controller wrote.
 */
enum cmdline_result cmdline_value(const char *line, const char *key, char *value, size_t size);

#endif
