#include "setting-files.h"

#include <fcntl.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "give-up.h"

#define STAGE "/run/bulkhead/stage"

static void set_option(int context, const char *option, const char *value) {
  if (syscall(SYS_fsconfig, context, FSCONFIG_SET_STRING, option, value, 0) != 0) give_up("no file system of %s %s can be made", option, value);
}

/* The files belong to the container's root, who may fill them: so little fits in that it does not matter. */
static int make_file_system(void) {
  const int context = (int)syscall(SYS_fsopen, "tmpfs", FSOPEN_CLOEXEC);
  if (context < 0) give_up("no file system can be made");
  set_option(context, "source", "bulkhead");
  set_option(context, "size", "128k");
  set_option(context, "nr_inodes", "32");
  set_option(context, "mode", "0711");
  if (syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) != 0) give_up("no file system can be made");
  const unsigned flags = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
  const int root = (int)syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, flags);
  /* Before Linux 6.15 only what is attached somewhere can be cloned. */
  if (root < 0 || syscall(SYS_move_mount, root, "", AT_FDCWD, STAGE, MOVE_MOUNT_F_EMPTY_PATH) != 0)
    give_up("the file system cannot be mounted");
  close(context);
  return root;
}

static int clone_mount(int root, const char *name) {
  const int tree = (int)syscall(SYS_open_tree, root, name, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW);
  if (tree < 0) give_up("%s cannot be cloned", name);
  return tree;
}

/* The machine's value of a setting, as the kernel writes it; 0 bytes when this kernel has none. */
static size_t read_setting(int settings, const char *name, char *value, size_t size) {
  struct open_how how = {
      .flags = O_RDONLY | O_CLOEXEC,
      .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV,
  };
  const int file = (int)syscall(SYS_openat2, settings, name, &how, sizeof how);
  if (file < 0 && errno == ENOENT) return 0;
  const ssize_t length = file < 0 ? -1 : read(file, value, size);
  if (length <= 0) give_up("the setting %s cannot be read", name);
  close(file);
  return (size_t)length;
}

static int make_file(int root, const char *name, uid_t owner, const char *value, size_t size) {
  const int file = openat(root, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (file < 0 || fchmod(file, 0644) != 0 || write(file, value, size) != (ssize_t)size || fchown(file, owner, owner) != 0)
    give_up("a file for a setting cannot be made");
  close(file);
  return clone_mount(root, name);
}

static void make_directory(int root, const char *name) {
  if (mkdirat(root, name, 0755) != 0) give_up("the directory %s cannot be made", name);
}

struct staged stage_files(uid_t owner, size_t count, char *const *names) {
  struct staged staged = {.count = count};
  const int root = make_file_system();
  const int settings = open("/proc/sys", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (settings < 0) give_up("the settings cannot be opened");
  for (size_t at = 0; at < count; at++) {
    char value[64], file[8];
    const size_t size = read_setting(settings, names[at], value, sizeof value);
    snprintf(file, sizeof file, "%zu", at);
    staged.files[at] = (struct setting_file){names[at], size == 0 ? -1 : make_file(root, file, owner, value, size)};
  }
  close(settings);
  make_directory(root, "place");
  make_directory(root, "place/proc");
  make_directory(root, "place/cover");
  staged.place = clone_mount(root, "place");
  close(root);
  return staged;
}
