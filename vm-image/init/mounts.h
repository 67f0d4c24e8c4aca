#ifndef BULKHEAD_MOUNTS_H
#define BULKHEAD_MOUNTS_H

#include <stdbool.h>

/**
 * Mounts the volatile file systems of the root that are not mounted yet: /proc, /sys, /dev and what is below them, the cgroup tree
 * with every controller enabled for children, and tmpfs on /run, /tmp and /var/log. False with errno and `failed` set to the mount point.
 * In native mode the caller of PID 1 has mounted the kernel's own, so only the missing tmpfs are made.
 */
bool mount_volatile(bool native, const char **failed);

/** Makes the tree below /run/bulkhead with the modes of docs/architecture.md ("Paths inside the root"); false with errno. */
bool make_run_tree(void);

#endif
