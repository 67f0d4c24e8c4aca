#ifndef BULKHEAD_UNMOUNT_H
#define BULKHEAD_UNMOUNT_H

#include <stdbool.h>

/**
 * Unmounts the data disk and everything on it or stacked over it. Call it when no other process is left: a busy mount can then only be
 * the kernel still putting away the namespaces of the dead, which is waited for briefly. As the last resort the disk is made read-only.
 */
void unmount_data(void);

/**
 * Unmounts the root of a build step, which BuildKit no longer does when dockerd was killed: no other program in the VM can. The name has
 * letters and digits alone. False with errno, EINVAL and ENOENT included when nothing is mounted there.
 */
bool unmount_step(const char *name);

#endif
