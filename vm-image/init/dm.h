#ifndef BULKHEAD_DM_H
#define BULKHEAD_DM_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "verity_params.h"

#define DM_TABLE_TEXT_LIMIT 2048

/**
 * Makes a read-only verity device over `data` and `hash` (device paths) and gives its path (32 bytes). A hash area that follows a superblock of
 * `veritysetup format` is recognised. The kernel checks nothing here: a wrong root hash shows at the first read, as a panic
 * (`panic_on_corruption`). A panic is the one end that QMP tells apart from both power-off and reset (pvpanic: event GUEST_PANICKED, then SHUTDOWN with reason guest-panic).
 * On false `failed` (128 bytes) says which step failed.
 */
bool create_verity(const struct verity_params *params, const char *data, const char *hash, char *path, char *failed);

/**
 * Reads the only target of the live table of device-mapper device `device`: its type (16 bytes), its parameters (DM_TABLE_TEXT_LIMIT) and
 * its status text (DM_TABLE_TEXT_LIMIT). False with errno when `device` is not a device-mapper device or has more than one target.
 */
bool read_dm_target(dev_t device, char *type, char *parameters, char *status);

#endif
