#ifndef BULKHEAD_PROGRAM_H
#define BULKHEAD_PROGRAM_H

#include <sys/types.h>

/** Starts `arguments[0]` with an empty environment, /dev/null as standard input and PID 1's other streams. The pid, or -1 with errno. */
pid_t start_program(const char *const *arguments);

/** Waits for it. Its exit status; 127 when it could not be executed; 128 + N when signal N ended it; -1 when it cannot be waited for. */
int await_program(pid_t pid);

#endif
