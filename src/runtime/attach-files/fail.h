#pragma once

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Says on stderr, which runc repeats in its own error, what cannot be done and why (errno), and ends the process: no container is made. */
__attribute__((format(printf, 1, 2))) _Noreturn static inline void fail(const char *format, ...) {
  const char *reason = strerror(errno);
  va_list arguments;
  va_start(arguments, format);
  fputs("bulkhead: ", stderr);
  vfprintf(stderr, format, arguments);
  fprintf(stderr, ": %s\n", reason);
  exit(1);
}
