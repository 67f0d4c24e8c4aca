#ifndef BULKHEAD_SPAWN_H
#define BULKHEAD_SPAWN_H

#include <stddef.h>
#include <sys/types.h>

#include "service_table.h"

#define SPAWN_DESCRIPTOR_LIMIT (DAEMON_KEPT_FD - DAEMON_CONTROL_FD + KEPT_COUNT)

/**
 * Starts a service in a session of its own with default signals, OOM score adjustment -900 and the table's environment. `extra` (ends with NULL, or
 * NULL) is added to its arguments. Its output goes to `output`, or with -1 where PID 1's goes. It inherits `descriptors` as 3, 4, …; one that is -1
 * becomes /dev/null. Everything else is closed. The pid, or -1 with errno. When it cannot be executed, it exits with status 127.
 */
pid_t spawn_service(const struct service_definition *service, const char *const *extra, int output, const int *descriptors, size_t count);

#endif
