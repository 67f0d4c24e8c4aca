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
  if (fd == -1) fail("%s was not opened, yet the plan mounts it", shown);
  const unsigned how = AT_EMPTY_PATH | (flags & AT_RECURSIVE);
  const int tree = (int)syscall(SYS_open_tree, fd, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | how);
  if (tree < 0) fail("%s cannot be cloned: %s", shown, strerror(errno));
  struct mount_attr attributes = {
      .attr_set = flags & ~(AT_RECURSIVE | BIND_OWNED),
      /* Only the engine's own view of its storage follows no links (vm-image/init/engine_storage.c). */
      .attr_clr = MOUNT_ATTR_NOSYMFOLLOW,
      /* A mount made later on the host would arrive without the id mapping and the flags set here. */
      .propagation = MS_PRIVATE,
      .userns_fd = flags & MOUNT_ATTR_IDMAP ? (unsigned)userns : 0,
  };
  if (syscall(SYS_mount_setattr, tree, "", how, &attributes, sizeof attributes) != 0)
    fail("%s%s cannot be given %s (%s)", shown, flags & AT_RECURSIVE ? " or a mount below it" : "",
         flags & MOUNT_ATTR_IDMAP ? "the ids of the container; not every file system supports it" : "its mount flags", strerror(errno));
  return tree;
}

static void attach(int tree, int directory, const char *name) {
  if (syscall(SYS_move_mount, tree, "", directory, name, MOVE_MOUNT_F_EMPTY_PATH) != 0)
    fail("%s cannot be staged: %s", name, strerror(errno));
  close(tree);
}

/* Attaches a tree in the staging directory. */
static void stage(int tree, const char *name, bool is_directory) {
  const int made = is_directory ? mkdir(name, 0755) : mknod(name, S_IFREG | 0644, 0);
  if (made != 0) fail("no place for %s in the staging directory: %s", name, strerror(errno));
  attach(tree, AT_FDCWD, name);
}

static void replace_config(const struct op *op, int bundle) {
  const int fd = open("config.json", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) fail("the new config.json cannot be made: %s", strerror(errno));
  if (!write_all(fd, op->text, op->size)) fail("the new config.json cannot be written: %s", strerror(errno));
  close(fd);
  attach(clone_mount(AT_FDCWD, "config.json", 0, -1, "the new config.json"), bundle, "config.json");
}

/* The overlay takes the place of what was opened: the bind that follows is cloned from it. */
static void replace_source(const struct op *op, struct source *source) {
  struct stat status;
  const int fd = open_in_overlay(op);
  if (fstat(fd, &status) != 0 || source->fd < 0 || (status.st_mode & S_IFMT) != (source->mode & S_IFMT))
    fail("%s is not what was opened", source->path);
  close(source->fd);
  source->fd = fd;
}

void carry_out(const struct plan *plan, struct source *sources, int bundle) {
  if (mount("bulkhead", BH_STAGE, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0711,size=20m,nr_inodes=2k") != 0)
    fail("the staging directory %s cannot be mounted: %s", BH_STAGE, strerror(errno));
  if (chdir(BH_STAGE) != 0) fail("the staging directory cannot be entered: %s", strerror(errno));
  int userns = -1, owned = -1;
  uint32_t base = 0;
  size_t first_layer = 0, layers = 0;
  char name[16];
  const struct source *source;
  for (const struct op *op = plan->ops; op < plan->ops + plan->count; op++) {
    switch (op->kind) {
      case OP_USERNS:
        base = op->base;
        userns = make_user_namespace(base, op->size, 0, 0);
        if (op->uid > 0 || op->gid > 0) owned = make_user_namespace(base, op->size, op->uid, op->gid);
        break;
      case OP_LAYER:
      case OP_UPPER:
        /* An upper directory is named by the overlay that follows it. */
        snprintf(name, sizeof name, "%c%zu", op->kind == OP_LAYER ? 'l' : 'u', op->kind == OP_LAYER ? layers++ : op[1].index);
        stage(clone_mount(AT_FDCWD, op->text, MOUNT_ATTR_IDMAP, userns, op->text), name, true);
        break;
      case OP_OVERLAY:
        mount_overlay(first_layer, layers, op, base);
        first_layer = layers;
        if (op->index > 0) replace_source(op, &sources[op->index]);
        break;
      case OP_ROOT_BIND:
        attach(clone_mount(sources->fd, "", MOUNT_ATTR_IDMAP | MOUNT_ATTR_NODEV, userns, sources->path), AT_FDCWD, BH_ROOTFS);
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
        source = &sources[op->index];
        snprintf(name, sizeof name, "b%u", op->index);
        stage(clone_mount(source->fd, "", op->flags, op->flags & BIND_OWNED ? owned : userns, source->path), name, S_ISDIR(source->mode));
        break;
      case OP_CONFIG:
        replace_config(op, bundle);
        break;
    }
  }
}
