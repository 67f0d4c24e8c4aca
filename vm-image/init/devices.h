#ifndef BULKHEAD_DEVICES_H
#define BULKHEAD_DEVICES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DEVICE_PATH_LIMIT 64

/** Looks once; on true `path` (DEVICE_PATH_LIMIT bytes) names the device below /dev. */
typedef bool find_device(const char *key, char *path);

/** The virtio disk whose serial is `key` (20 bytes at most, VIRTIO 1.2 §5.2.6). */
find_device find_disk;

/** The virtio-serial port whose name is `key`. */
find_device find_port;

/** The virtiofs device whose tag is `key`; of `path` nothing is to be made. */
find_device find_share;

/**
 * A socket that gets the kernel's device events (netlink(7), NETLINK_KOBJECT_UEVENT), or -1. Open it before the first look, so that no
 * event falls between look and wait.
 */
int open_device_events(void);

/** Looks, and after each device event looks again, until `deadline` (uptime_ms). */
bool await_device(int events, find_device *find, const char *key, int64_t deadline, char *path);

#endif
