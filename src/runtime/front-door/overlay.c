#include "overlay.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "ids.h"
#include "log.h"
#include "paths.h"

/* A volatile overlay leaves work/incompat/volatile/dirty when it ends, and would not be mounted a second time. */
static void remove_volatile_mark(const char *work) {
  static const char *const marks[] = {"work/incompat/volatile/dirty", "work/incompat/volatile", "work/incompat"};
  char path[1024];
  for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
    snprintf(path, sizeof path, "%s/%s", work, marks[i]);
    unlinkat(AT_FDCWD, path, i == 0 ? 0 : AT_REMOVEDIR);
  }
}

/* The options of the overlay but its layers, after making the work directory ready. */
static void writable_options(const struct op *op, char *options, size_t size) {
  char work[512];
  snprintf(work, sizeof work, "u%u/%s", op->index, op->work);
  if (mkdir(work, 0700) != 0 && errno != EEXIST) fail("the work directory of an overlay cannot be made: %s", strerror(errno));
  remove_volatile_mark(work);
  snprintf(options, size, ",upperdir=u%u/%s,workdir=%s", op->index, op->text, work);
}

void mount_overlay(int stage, const struct layers *layers, const struct op *op, uint32_t base) {
  char options[4096], upper[1024] = ""; /* mount(2) takes one page of options */
  char name[16];
  snprintf(name, sizeof name, "o%u", op->index);
  const char *target = op->index == 0 ? BH_ROOTFS : name;
  if (fchdir(stage) != 0) fail("the staging directory is gone: %s", strerror(errno));
  if (op->index > 0 && mkdir(target, 0711) != 0) fail("no place for an overlay in the staging directory: %s", strerror(errno));
  act_as(base);
  if (op->text[0] != '\0') writable_options(op, upper, sizeof upper);
  /* Relative names keep a deep image far below that page. */
  size_t used = (size_t)snprintf(options, sizeof options, "lowerdir=l%zu", layers->first);
  for (size_t i = layers->first + 1; i < layers->end; i++) used += (size_t)snprintf(options + used, sizeof options - used, ":l%zu", i);
  /* index=off: Docker's own overlay holds the same upper directory, which the index would refuse as busy. */
  used += (size_t)snprintf(options + used, sizeof options - used, "%s,index=off%s%s", upper, op->options[0] == '\0' ? "" : ",", op->options);
  if (used >= sizeof options) fail("an overlay has too many layers (%zu)", layers->end - layers->first);
  if (mount("overlay", target, "overlay", 0, options) != 0)
    fail("the %s cannot be mounted: %s; the kernel log (overlayfs) may say more", op->index == 0 ? "root file system" : "overlay of a bind source", strerror(errno));
  act_as_host_root();
  struct statvfs status;
  if (statvfs(target, &status) != 0) fail("an overlay cannot be examined: %s", strerror(errno));
  if (op->text[0] != '\0' && (status.f_flag & ST_RDONLY) != 0) fail("an overlay came up read-only; the kernel log (overlayfs) has the reason");
}

int open_in_overlay(int stage, const struct op *op) {
  char name[16];
  snprintf(name, sizeof name, "o%u", op->index);
  const int root = openat(stage, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
  const struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS};
  const int fd = root < 0 ? -1 : (int)syscall(SYS_openat2, root, op->within, &how, sizeof how);
  if (fd < 0) fail("%s cannot be opened in the layers of a bind source: %s", op->within, strerror(errno));
  close(root);
  return fd;
}

static int open_inside(int root, const char *path) {
  const struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
  return (int)syscall(SYS_openat2, root, path, &how, sizeof how);
}

void make_mountpoint(const char *path, int is_directory, uint32_t base) {
  char prefix[PATH_MAX];
  const int root = open(BH_ROOTFS, O_PATH | O_DIRECTORY | O_CLOEXEC);
  int parent = root;
  act_as(base);
  const mode_t mask = umask(022);
  for (size_t start = 0, end; path[start += strspn(path + start, "/")] != '\0'; start = end) {
    end = start + strcspn(path + start, "/");
    memcpy(prefix, path, end);
    prefix[end] = '\0';
    int next = open_inside(root, prefix);
    if (next < 0 && errno == ENOENT) {
      const char *name = prefix + start;
      const int last = path[end + strspn(path + end, "/")] == '\0';
      const int file = last && !is_directory ? openat(parent, name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0644) : -1;
      if (file >= 0) close(file);
      /* A dangling link ends here, too: it exists, so nothing is made through it. */
      if (file >= 0 || (!(last && !is_directory) && mkdirat(parent, name, 0755) == 0)) next = open_inside(root, prefix);
    }
    if (next < 0) fail("the mount point %s cannot be made in the read-only root: %s", path, strerror(errno));
    if (parent != root) close(parent);
    parent = next;
  }
  umask(mask);
  act_as_host_root();
  if (parent != root) close(parent);
  close(root);
}
