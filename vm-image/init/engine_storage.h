#ifndef BULKHEAD_ENGINE_STORAGE_H
#define BULKHEAD_ENGINE_STORAGE_H

#include <stdbool.h>

/**
 * Makes the kernel follow no symbolic link below /var/lib/docker and /var/lib/containerd, except the short names of layers that
 * dockerd keeps for itself.
 *
 * Threat: dockerd works on volumes and layers as root of the VM while containers change the same directories. A directory that a
 * container replaces by a link in the right moment would lead it to any file of the VM: filling a new volume wrote what an image
 * held to where the link pointed. dockerd resolves the links it means to follow by itself. Containers are not concerned: the front
 * door takes the flag off what it clones for them.
 *
 * It is said of these two mounts: an overlay mounted from their directories is one of its own, and follows links
 * (docs/isolation.md, "Links in the engine's way").
 *
 * Works wherever the directories are mounted; MOUNT_ATTR_NOSYMFOLLOW needs Linux 5.14 (mount_setattr(2)). False with errno.
 */
bool stop_links_of_containers(void);

/**
 * Before each start of dockerd: gives it the short names back. A dockerd that ends in good order unmounts everything below its
 * directory of layers, and the next would find no layer by its short name. False with errno.
 */
bool keep_short_names(void);

/**
 * Before each start of dockerd: an empty tmpfs over the directories of swarm and of plug-ins, which are served to nobody here.
 *
 * Threat: dockerd takes up at its start what it finds there, without any request that could be refused: a data disk prepared elsewhere would bring
 * plug-ins to life that run as root of the VM, or a swarm node that takes containers from others. What is on the disk stays there, unread. A dockerd that ends
 * in good order unmounts that of the plug-ins. False with errno; on a full disk nothing is made that is not there.
 */
bool hide_unserved_state(void);

#endif
