#ifndef BULKHEAD_OVERLAY_H
#define BULKHEAD_OVERLAY_H

#include <stddef.h>

#include "plan.h"

/* The clones in the staging directory an overlay is made of: l<first> to l<end - 1>, and u<index> unless it is read-only. */
struct layers {
  size_t first, end;
};

/* Mounts the layers as one overlay on BH_ROOTFS (index 0) or stage/o<index>, as the container's root. */
void mount_overlay(int stage, const struct layers *layers, const struct op *op, uint32_t base);

/* What `path` is in the overlay of `op`, as an O_PATH descriptor; no link on the way is followed, and none leaves it. */
int open_in_overlay(int stage, const struct op *op);

/* Makes a missing mount point in BH_ROOTFS, because runc cannot in a root that is read-only already. */
void make_mountpoint(const char *path, int is_directory, uint32_t base);

#endif
