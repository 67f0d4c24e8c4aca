#include "engine_storage.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "files.h"

#define STORAGE "/var/lib/docker"
/* linux/statfs.h, which glibc's header of the same structure excludes */
#define ST_NOSYMFOLLOW 0x2000
/* Holds the layers with the containerd image store. containerd keeps no links of its own there. */
#define IMAGE_STORE "/var/lib/containerd"
/* overlay2 names layers by links in here, because mount(2) takes no more than a page of options. No container writes here. */
#define SHORT_NAMES STORAGE "/overlay2/l"

static bool change_flags(int directory, const char *path, unsigned flags, struct mount_attr attributes)
{
    return syscall(SYS_mount_setattr, directory, path, flags, &attributes, sizeof(attributes)) == 0;
}

static bool mount_short_names(void)
{
    int tree = (int)syscall(SYS_open_tree, AT_FDCWD, SHORT_NAMES, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

    if (tree < 0)
        return false;
    bool done = change_flags(tree, "", AT_EMPTY_PATH, (struct mount_attr){.attr_clr = MOUNT_ATTR_NOSYMFOLLOW}) &&
                syscall(SYS_move_mount, tree, "", AT_FDCWD, SHORT_NAMES, MOVE_MOUNT_F_EMPTY_PATH) == 0;
    close(tree);
    return done;
}

static bool follow_no_links(const char *mount_point)
{
    return change_flags(AT_FDCWD, mount_point, 0, (struct mount_attr){.attr_set = MOUNT_ATTR_NOSYMFOLLOW});
}

bool stop_links_of_containers(void)
{
    return make_directory(STORAGE "/overlay2", 0710) && make_directory(SHORT_NAMES, 0710) && follow_no_links(STORAGE) &&
           mount_short_names() && follow_no_links(IMAGE_STORE);
}

static bool is_mounted(const char *path)
{
    struct stat found, storage;

    return stat(path, &found) == 0 && stat(STORAGE, &storage) == 0 && found.st_dev != storage.st_dev;
}

bool hide_unserved_state(void)
{
    static const char *const UNSERVED[] = {STORAGE "/swarm", STORAGE "/plugins"};

    for (size_t i = 0; i < sizeof(UNSERVED) / sizeof(UNSERVED[0]); i++) {
        if (is_mounted(UNSERVED[i]))
            continue;
        if (!make_directory(UNSERVED[i], 0700)) {
            if (errno == ENOSPC || errno == EDQUOT)
                continue;
            return false;
        }
        if (mount("tmpfs", UNSERVED[i], "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOSYMFOLLOW, "mode=0700,size=1m,nr_inodes=1k") != 0)
            return false;
    }
    return true;
}

bool keep_short_names(void)
{
    struct statfs names;

    if (statfs(SHORT_NAMES, &names) != 0)
        return false;
    return (names.f_flags & ST_NOSYMFOLLOW) == 0 || mount_short_names();
}
