#ifndef BULKHEAD_ROOT_CHECK_H
#define BULKHEAD_ROOT_CHECK_H

#include <stdbool.h>

/**
 * True when `/` is a read-only mount on a device-mapper device whose live table is one `verity` target with the parameters of the kernel
 * command line and no corruption seen so far. This does not trust the initramfs: one that skipped verification is found here.
 * On false `detail` (160 bytes) says what differs.
 */
bool root_is_verified(const char *cmdline, char *detail);

#endif
