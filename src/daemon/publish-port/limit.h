#ifndef BULKHEAD_LIMIT_H
#define BULKHEAD_LIMIT_H

#include <stdbool.h>

/** Cgroups of PID 1's, which sets how many tasks each may have (vm-image/init/mounts.c): of publish-port, and of the docker-proxies it starts. */
#define PORTS_CGROUP "bulkhead-ports"
#define PROXIES_CGROUP "bulkhead-proxies"

/**
 * Puts this process into a cgroup, where the machine has it, if there is room for so many tasks. Threat: no limit of a container counts what its published
 * ports take, and moving into a cgroup is not refused by its limit. False with errno, EAGAIN where there is no room.
 */
bool limit_join(const char *cgroup, long tasks);

#endif
