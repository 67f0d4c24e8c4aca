#ifndef BULKHEAD_SWITCH_ROOT_H
#define BULKHEAD_SWITCH_ROOT_H

#include <stdbool.h>

/**
 * Makes the mount at `root` the root of this mount namespace, takes /proc, /sys and /dev along and frees the files of the initramfs.
 * MS_MOVE rather than a chroot alone: a process whose root is not that of its mount namespace may not create user namespaces.
 * False with errno; the machine is then unusable.
 */
bool switch_root(const char *root);

#endif
