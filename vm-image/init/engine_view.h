#ifndef BULKHEAD_ENGINE_VIEW_H
#define BULKHEAD_ENGINE_VIEW_H

#include <stdbool.h>

/**
 * Makes the directories that services write, mount points of their own, and every mount of this namespace shared. Once, before the first
 * service: what one of them then mounts appears to all, whichever mount namespace it has. False with errno.
 */
bool prepare_views(void);

/**
 * Gives this process a mount namespace in which the mounts at `read_only` (ends with NULL) are. One whose directory is absent is passed over.
 *
 * Threat: dockerd makes directories by name in the roots of containers as root of the VM, and a process that still holds such a root can put a
 * link in the way (docs/isolation.md, "A race in dockerd"). Whatever it is led to outside its own storage is then EROFS. Directories shared by the host keep
 * the flags they have, as every container may be given them, and dockerd makes missing bind sources there.
 *
 * The flag is that of the mount in this namespace (mount_setattr(2)), which does not propagate; mounts do, in both directions. A process
 * with CAP_SYS_ADMIN can take it off: it holds back one that is deceived, not one that is taken over. False with errno.
 */
bool restrict_view(const char *const *read_only);

#endif
