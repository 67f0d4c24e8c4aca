#ifndef BULKHEAD_MODULES_H
#define BULKHEAD_MODULES_H

#include <stdbool.h>
#include <stddef.h>

/**
 * Loads the modules named in `list`, one path a line, in that order; a path without leading slash is below `list`'s directory.
 * Files ending in .xz are unpacked by the kernel (MODULE_INIT_COMPRESSED_FILE; Debian sets CONFIG_MODULE_DECOMPRESS). A module that is already
 * loaded counts as loaded. On false `failed` names the first one refused and why; the rest of the list is not tried.
 */
bool load_modules(const char *list, char *failed, size_t size);

#endif
