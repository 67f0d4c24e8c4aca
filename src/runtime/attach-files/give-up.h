#pragma once

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Says on stderr what cannot be done and why (errno), and ends the process with status 0: without these files the container is as well
 * isolated, and what it writes is denied by the kernel; with another status runc would not start it. A kernel too old for one of the
 * calls must not cost its privileged containers. Whatever happens, no file is attached before the untouched proc is.
 */
__attribute__((format(printf, 1, 2))) _Noreturn static inline void give_up(const char *format, ...) {
  const char *reason = strerror(errno);
  va_list arguments;
  va_start(arguments, format);
  fputs("bulkhead: ", stderr);
  vfprintf(stderr, format, arguments);
  fprintf(stderr, ": %s\n", reason);
  exit(0);
}
