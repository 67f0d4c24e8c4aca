#ifndef BULKHEAD_SHARES_H
#define BULKHEAD_SHARES_H

#include <stdbool.h>

#include "share_list.h"

#define SHARE_DETAIL_LIMIT 1152

/**
 * Mounts the directories of the host that `list` names, a file in memory, each by its virtiofs device `share<number>` at the path it has on the host. Nosuid, nodev, and
 * no symbolic link in them is followed in the engine's own namespace, because dockerd makes missing bind sources by name as root while containers write there; the
 * front door takes that flag off the clones it gives to containers. -1 for `list`: there is none, and nothing changes. False: `detail` (SHARE_DETAIL_LIMIT bytes) says why.
 */
bool mount_shares(int list, char *detail);

/** The same of one, which has its place. `first`: the one `share` is another name of, if it is. False: `detail` says why. */
bool mount_one_share(const struct share *share, const struct share *first, char *detail);

#endif
