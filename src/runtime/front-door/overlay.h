#ifndef BULKHEAD_OVERLAY_H
#define BULKHEAD_OVERLAY_H

#include <stddef.h>

#include "plan.h"

/* Mounts stage/l0..l<layers-1> and stage/u as one writable overlay on BH_ROOTFS. */
void mount_overlay(int stage, size_t layers, const struct op *op, uint32_t base);

/* Makes a missing mount point in BH_ROOTFS, because runc cannot in a root that is read-only already. */
void make_mountpoint(const char *path, int is_directory, uint32_t base);

#endif
