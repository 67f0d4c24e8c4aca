#pragma once

#include <stdint.h>

/* A user namespace that maps 0.. to base.., as a descriptor for MOUNT_ATTR_IDMAP. No process stays in it. */
int make_user_namespace(uint32_t base, uint32_t size);

/*
 * Between these two calls files are made as the container's root while every capability stays in effect. overlayfs
 * keeps the credentials of its mounter: with fsuid 0, which the id-mapped upper layer does not map, it cannot make its work
 * directory and mounts read-only without an error.
 */
void act_as(uint32_t base);
void act_as_host_root(void);
