#ifndef BULKHEAD_LOG_H
#define BULKHEAD_LOG_H

#include <stddef.h>

/* Where fail() writes; NULL means stderr. containerd shows the last line of this file to the user. */
void set_log_file(const char *path);

/* Opens it now, before the working directory and the file system ids change. fail() opens it otherwise. */
void open_log_file(void);

/* Writes one JSON line with "bulkhead: " and the text, and ends the process with status 1. */
_Noreturn void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same for a refusal of bulkheadd; `code` stays machine-readable beside the sentence. */
_Noreturn void fail_with_code(const char *code, const char *sentence);

/* Writes `text` as the inside of a JSON string: always valid, cut when `size` is too small. Returns its length. */
size_t escape_json(const char *text, char *out, size_t size);

#endif
