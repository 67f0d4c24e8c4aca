#ifndef BULKHEAD_GROW_DISK_H
#define BULKHEAD_GROW_DISK_H

#include <stdbool.h>

/**
 * Makes the ext4 on block device `path`, mounted at `point`, as large as the device (`bulkhead disk resize` has made that larger). Online, because the kernel then does it in
 * transactions of the journal (EXT4_IOC_RESIZE_FS, fs/ext4/resize.c): after a loss of power at any moment it is of one size or another and whole, and the next boot goes on.
 * resize2fs(8) on a file system that is not mounted has no such promise. False with errno when it stays as it is.
 */
bool grow_to_device(const char *path, const char *point);

#endif
