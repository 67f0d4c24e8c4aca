#ifndef BULKHEAD_SHARE_LIST_H
#define BULKHEAD_SHARE_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "mountinfo.h"

#define MAX_SHARES 64 /* as mostShares of src/vm/sharing/open-shares.ts */
#define SHARE_LIST_LIMIT (MAX_SHARES * 3072)
#define SHARE_PATH_LIMIT 3064

/** A directory of the host by one of its names. */
struct share {
    const char *path; /* in the text of the list */
    unsigned int device; /* the device it comes by is called `share<device>` */
    bool read_only;
    bool again; /* another name of the one before it */
};

/**
 * Reads records of `rw` or `ro`, with a `+` for another name of the directory before, and an absolute path in its plain form, each ended by a null byte.
 * The number of records, or -1 for anything else.
 */
int parse_share_list(const char *text, size_t size, struct share shares[MAX_SHARES]);

/**
 * Whether a share at `path` would cover a directory the engine's root has of its own, or lie in one. The host refuses such names (src/vm/sharing/protected-names.ts);
 * what it was brought to write all the same is not believed: over /usr a share would be the daemon.
 */
bool is_own_place(const char *path);

/** Whether a share may lie below this directory of the root, now or later: one that is the VM's own alone stays as it is. */
bool may_hold_shares(const char *path);

/** Absolute, not the root, and no part empty, `.` or `..`: what is made for it must lie where its name says. */
bool is_plain_path(const char *path);

/** Whether what is mounted there is that share, with the flags that keep what containers write to it from having an effect here. */
bool is_fit_mount(const struct share *share, const struct mount_entry *mount);

#endif
