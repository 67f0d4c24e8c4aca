#pragma once

#include <stdint.h>

/*
 * A user namespace that maps 0.. to base.., as a descriptor for MOUNT_ATTR_IDMAP. No process stays in it. The ids are turned around by `uid` and
 * `gid`: 0 is mapped to base + uid, and every other to the next, past the last to the first. So what belongs to 0 appears as that one's, and no id is without another.
 */
int make_user_namespace(uint32_t base, uint32_t size, uint32_t uid, uint32_t gid);

/*
 * Between these two calls files are made as the container's root while every capability stays in effect. overlayfs
 * keeps the credentials of its mounter: with fsuid 0, which the id-mapped upper layer does not map, it cannot make its work
 * directory and mounts read-only without an error.
 */
void act_as(uint32_t base);
void act_as_host_root(void);

/*
 * Gives the pipes among our standard streams, which become the container's, to its root: the shim makes them as root of the host, an id the
 * container does not have, and it could not open /dev/stdout anew. Nothing but pipes without a name: a file or a FIFO stays whose it is.
 */
void give_streams(uint32_t base);

/* The same for an exec. A shim's working directory is the bundle, with `init.pid`; where there is none, nobody's streams are given away. */
void give_streams_to_running(void);
