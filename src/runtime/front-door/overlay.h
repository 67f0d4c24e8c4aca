#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "plan.h"

/*
 * Mounts l<first> to l<end - 1>, and u<index> unless it is read-only, as one overlay on BH_ROOTFS (index 0) or o<index>, as the
 * container's root. The working directory is the staging directory, here and below.
 */
void mount_overlay(size_t first, size_t end, const struct op *op, uint32_t base);

/* What `path` is in the overlay of `op`, as an O_PATH descriptor; no link on the way is followed, and none leaves it. */
int open_in_overlay(const struct op *op);

/* Makes a missing mount point in BH_ROOTFS, because runc cannot in a root that is read-only already. */
void make_mountpoint(const char *path, bool is_directory, uint32_t base);
