/*
 * In a user namespace inside the container the kernel mounts a new proc only where another is seen whole: one with a mount in it does
 * not count, because a copy of the mount namespace locks that mount (mnt_already_visible(), Linux 6.18). The files in /proc/sys would
 * so end rootless podman, bubblewrap and `unshare --map-root-user --mount-proc`. The kernel asks whether such a proc is mounted, not
 * whether a path leads to it: covered, it is out of the way of everything that walks through /dev.
 *
 * The name is the one under which LXC keeps a proc for the same purpose: inner engines that list the devices of /dev pass it by.
 */
#include "untouched-proc.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "give-up.h"

#define NAME ".lxc"

static void attach(int tree, int directory, const char *what) {
  if (syscall(SYS_move_mount, tree, "", directory, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) != 0)
    give_up("%s cannot be attached in the container", what);
}

static int clone_mount(int directory, const char *name, const char *what) {
  const int tree = (int)syscall(SYS_open_tree, directory, name, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
  if (tree < 0) give_up("%s cannot be cloned in the container", what);
  return tree;
}

/* The file system knows the container's ids alone, so its root is who makes the directory. */
static int make_directory(int directory, uid_t owner) {
  struct open_how how = {
      .flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
      .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV,
  };
  setfsgid(owner);
  setfsuid(owner);
  const int made = mkdirat(directory, NAME, 0755);
  setfsuid(0);
  setfsgid(0);
  return made != 0 ? -1 : (int)syscall(SYS_openat2, directory, NAME, &how, sizeof how);
}

bool keep_untouched_proc(int proc, int device_directory, uid_t owner, int place) {
  struct statfs status;
  /* Anything but the file system the engine makes there keeps what is made in it: an image's directory, a volume. */
  if (fstatfs(device_directory, &status) != 0 || status.f_type != TMPFS_MAGIC) return false;
  const int directory = make_directory(device_directory, owner);
  if (directory < 0) return false;
  attach(place, directory, "a directory");
  const int point = openat(place, "proc", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (point < 0) give_up("the place for a second /proc cannot be opened");
  attach(clone_mount(proc, "", "the container's /proc"), point, "a second /proc");
  attach(clone_mount(place, "cover", "a directory"), place, "its cover");
  return true;
}
