#ifndef BULKHEAD_ENGINE_DEVICES_H
#define BULKHEAD_ENGINE_DEVICES_H

#include <stdbool.h>

/**
 * Puts this process into a cgroup whose processes may make device nodes, but open none except null, tty and terminals.
 *
 * Threat: layers hold device nodes, because images bring them, and dockerd opens files of layers as root of the VM: BuildKit's ReadFile, a
 * Dockerfile taken from an image, the passwd file of a container that is given a user by name. The overlays it does so through are its
 * own mounts, without nodev, so a node with the numbers of the data disk was that disk, read by whoever may build. Containers have
 * cgroups of their own beside this one, and cannot make nodes at all.
 *
 * cgroup v1: the devices controller (Documentation/admin-guide/cgroup-v1/devices.rst); v2: a program of type BPF_CGROUP_DEVICE
 * (Linux 4.15), replaced by the same one at each start. False with errno: the engine must not run without.
 */
bool close_devices(void);

#endif
