#include "mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "ids.h"
#include "log.h"
#include "overlay.h"
#include "paths.h"

void enter_private_mounts(void) {
  if (unshare(CLONE_NEWNS) != 0) fail("no mount namespace can be made: %s", strerror(errno));
  if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) != 0) fail("the mount namespace cannot be made private: %s", strerror(errno));
}

/* Clones what `fd` and `path` name (one of them) as a detached mount with the flags of a bind operation. */
static int clone_mount(int fd, const char *path, unsigned flags, int userns, const char *shown) {
  const unsigned deep = flags & BIND_RECURSIVE ? AT_RECURSIVE : 0;
  const int tree = (int)syscall(SYS_open_tree, fd, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | deep);
  if (tree < 0) fail("%s cannot be cloned: %s", shown, strerror(errno));
  struct mount_attr attributes = {
      .attr_set = (flags & BIND_READONLY ? MOUNT_ATTR_RDONLY : 0ull) | (flags & BIND_NOSUID ? MOUNT_ATTR_NOSUID : 0ull) |
                  (flags & BIND_NODEV ? MOUNT_ATTR_NODEV : 0ull) | (flags & BIND_NOEXEC ? MOUNT_ATTR_NOEXEC : 0ull) |
                  (flags & BIND_IDMAP ? MOUNT_ATTR_IDMAP : 0ull),
      /* A mount made later on the host would arrive without the id mapping and the flags set here. */
      .propagation = MS_PRIVATE,
      .userns_fd = flags & BIND_IDMAP ? (unsigned)userns : 0,
  };
  if (syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH | deep, &attributes, sizeof attributes) != 0)
    fail("%s%s cannot be given %s (%s)", shown, deep ? " or a mount below it" : "",
         flags & BIND_IDMAP ? "the ids of the container; not every file system supports it" : "its mount flags", strerror(errno));
  return tree;
}

static void attach(int tree, int directory, const char *name) {
  if (syscall(SYS_move_mount, tree, "", directory, name, MOVE_MOUNT_F_EMPTY_PATH) != 0)
    fail("%s cannot be staged: %s", name, strerror(errno));
  close(tree);
}

static void make_place(int stage, const char *name, bool is_directory) {
  const int made = is_directory ? mkdirat(stage, name, 0755) : mknodat(stage, name, S_IFREG | 0644, 0);
  if (made != 0) fail("no place for %s in the staging directory: %s", name, strerror(errno));
}

static void stage_path(int stage, const char *path, const char *name, int userns) {
  make_place(stage, name, true);
  attach(clone_mount(AT_FDCWD, path, BIND_IDMAP, userns, path), stage, name);
}

static void stage_bind(int stage, const struct op *op, const struct source *source, int userns) {
  char name[16];
  snprintf(name, sizeof name, "b%u", op->index);
  if (source->fd < 0) fail("%s was not opened, yet the plan mounts it", source->path);
  make_place(stage, name, S_ISDIR(source->mode));
  attach(clone_mount(source->fd, "", op->flags, userns, source->path), stage, name);
}

static void replace_config(int stage, const struct op *op, int bundle) {
  const int fd = openat(stage, "config.json", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) fail("the new config.json cannot be made: %s", strerror(errno));
  for (uint32_t at = 0; at < op->size;) {
    const ssize_t count = write(fd, op->text + at, op->size - at);
    if (count < 0 && errno != EINTR) fail("the new config.json cannot be written: %s", strerror(errno));
    if (count > 0) at += (uint32_t)count;
  }
  close(fd);
  attach(clone_mount(stage, "config.json", 0, -1, "the new config.json"), bundle, "config.json");
}

/* The overlay takes the place of what was opened: the bind that follows is cloned from it. */
static void replace_source(int stage, const struct op *op, struct source *source) {
  struct stat status;
  const int fd = open_in_overlay(stage, op);
  if (fstat(fd, &status) != 0 || source->fd < 0 || (status.st_mode & S_IFMT) != (source->mode & S_IFMT))
    fail("%s is not what was opened", source->path);
  close(source->fd);
  source->fd = fd;
}

void carry_out(const struct plan *plan, struct source *sources, int bundle) {
  if (mount("bulkhead", BH_STAGE, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0711,size=20m,nr_inodes=2k") != 0)
    fail("the staging directory %s cannot be mounted: %s", BH_STAGE, strerror(errno));
  const int stage = open(BH_STAGE, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (stage < 0) fail("the staging directory cannot be opened: %s", strerror(errno));
  int userns = -1;
  uint32_t base = 0;
  struct layers layers = {0};
  char name[16];
  for (const struct op *op = plan->ops; op < plan->ops + plan->count; op++) {
    switch (op->kind) {
      case OP_USERNS:
        base = op->base;
        userns = make_user_namespace(base, op->size);
        break;
      case OP_LAYER:
        snprintf(name, sizeof name, "l%zu", layers.end++);
        stage_path(stage, op->text, name, userns);
        break;
      case OP_UPPER:
        /* Named by the overlay that follows it. */
        snprintf(name, sizeof name, "u%u", op[1].index);
        stage_path(stage, op->text, name, userns);
        break;
      case OP_OVERLAY:
        mount_overlay(stage, &layers, op, base);
        layers.first = layers.end;
        if (op->index > 0) replace_source(stage, op, &sources[op->index]);
        break;
      case OP_ROOT_BIND:
        if (sources[0].fd < 0) fail("the root file system %s was not opened", sources[0].path);
        attach(clone_mount(sources[0].fd, "", BIND_IDMAP, userns, sources[0].path), AT_FDCWD, BH_ROOTFS);
        break;
      case OP_MOUNTPOINT:
        make_mountpoint(op->text, op->index == NO_SOURCE || S_ISDIR(sources[op->index].mode), base);
        break;
      case OP_ROOT_READONLY: {
        struct mount_attr attributes = {.attr_set = MOUNT_ATTR_RDONLY};
        if (syscall(SYS_mount_setattr, AT_FDCWD, BH_ROOTFS, 0, &attributes, sizeof attributes) != 0)
          fail("the root file system cannot be made read-only: %s", strerror(errno));
        break;
      }
      case OP_BIND:
        stage_bind(stage, op, &sources[op->index], userns);
        break;
      case OP_CONFIG:
        replace_config(stage, op, bundle);
        break;
    }
  }
  close(stage);
}
