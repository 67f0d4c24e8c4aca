#ifndef BULKHEAD_DATA_DISK_H
#define BULKHEAD_DATA_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "devices.h"

#define DATA_SERIAL "bulkhead-data"
#define DATA_POINT "/var/lib/bulkhead-data"
#define DATA_MARKER_LENGTH 32

/** The preparation of the data disk, which runs beside the rest of the boot. */
struct data_disk {
    char path[DEVICE_PATH_LIMIT];
    pid_t worker;
    bool formatting;
};

/** True when `start`, the first DATA_MARKER_LENGTH bytes of a disk, is the mark of one that was never used. */
bool is_blank_marker(const char *start);

/**
 * Starts mke2fs on a disk that bears the blank marker, and only on such a one; else e2fsck, which may only repair what is safe to repair without
 * asking. `path` of `disk` is set by the caller. False with `failed` (128 bytes).
 */
bool prepare_data_disk(struct data_disk *disk, char *failed);

/** Waits for the preparation, mounts the disk and binds the engine's directories from it; false with `failed` (128 bytes). */
bool mount_data_disk(struct data_disk *disk, char *failed);

/**
 * Begins to write what the data disk has in memory, in a process of its own, because a disk that does not answer would hold up PID 1 as well. Not sync(2): that
 * waits for the file systems of containers, too. Whoever waits for any child reaps it.
 */
void start_data_sync(void);

/**
 * Gives the blocks that hold nothing back to the host (FITRIM, fs/ext4/mballoc.c), in a process of its own, whose exit status is 0 when it did. The pid; -1 with errno.
 * Not with the mount option `discard`: every removal of a layer would wait for holes to be punched in the host's file.
 */
pid_t start_data_trim(void);

#endif
