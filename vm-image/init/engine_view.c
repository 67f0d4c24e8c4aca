#include "engine_view.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

bool prepare_views(void)
{
    /* on the tmpfs at /run; the storage has mounts of its own already */
    static const char *const WRITTEN[] = {"/run/docker", "/run/containerd", "/run/runc"};

    for (size_t i = 0; i < sizeof(WRITTEN) / sizeof(WRITTEN[0]); i++)
        if (mount(WRITTEN[i], WRITTEN[i], NULL, MS_BIND, NULL) != 0)
            return false;
    return mount(NULL, "/", NULL, MS_REC | MS_SHARED, NULL) == 0;
}

static bool make_read_only(const char *point)
{
    struct mount_attr attributes = {.attr_set = MOUNT_ATTR_RDONLY};

    return syscall(SYS_mount_setattr, AT_FDCWD, point, AT_SYMLINK_NOFOLLOW, &attributes, sizeof(attributes)) == 0;
}

bool restrict_view(const char *const *read_only)
{
    if (unshare(CLONE_NEWNS) != 0)
        return false;
    for (; *read_only != NULL; read_only++)
        if (!make_read_only(*read_only) && errno != ENOENT)
            return false;
    return true;
}
