#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Where fail() writes; NULL means stderr. containerd shows the last line of this file to the user. */
void set_log_file(const char *path);

/*
 * Says what fail() says on stderr too, as runc itself does. For `run` alone: BuildKit shows a build step's stderr and never the log
 * file, whereas the stderr of `create` is the container's own.
 */
void repeat_on_stderr(void);

/* Opens it now, before the working directory and the file system ids change. fail() opens it otherwise. */
void open_log_file(void);

/* Writes one JSON line with "bulkhead: " and the text, and ends the process with status 1. */
_Noreturn void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same for a refusal of bulkheadd; `code`, a name in capitals, stays machine-readable beside the sentence. */
_Noreturn void fail_with_code(const char *code, const char *sentence);

/*
 * Writes `text` as the inside of a JSON string, cut when `size` is too small. Returns its length. Bytes from 0x80 on stay as
 * they are: all of bulkheadd's sentences are UTF-8, and of other bytes every reader of the log (Go) makes U+FFFD.
 */
size_t escape_json(const char *text, char *out, size_t size);

/* Writes everything, or returns false with errno set. */
bool write_all(int fd, const char *data, size_t size);
