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

/* The options of the overlay that name its upper directory, after making the work directory ready. */
static void upper_options(const struct op *op, char *options, size_t size) {
  char work[512], mark[600];
  snprintf(work, sizeof work, "u%u/%s", op->index, op->work);
  if (mkdir(work, 0700) != 0 && errno != EEXIST) fail("the work directory of an overlay cannot be made: %s", strerror(errno));
  /* A volatile overlay leaves this mark when it ends, and would not be mounted a second time. */
  snprintf(mark, sizeof mark, "%s/work/incompat/volatile/dirty", work);
  unlink(mark);
  *strrchr(mark, '/') = '\0';
  rmdir(mark);
  snprintf(options, size, ",upperdir=u%u/%s,workdir=%s", op->index, op->text, work);
}

void mount_overlay(size_t first, size_t end, const struct op *op, uint32_t base) {
  char options[4096], upper[1024] = ""; /* mount(2) takes one page of options */
  char name[16];
  snprintf(name, sizeof name, "o%u", op->index);
  const char *target = op->index == 0 ? BH_ROOTFS : name;
  if (op->index > 0 && mkdir(target, 0711) != 0) fail("no place for an overlay in the staging directory: %s", strerror(errno));
  act_as(base);
  if (op->text[0] != '\0') upper_options(op, upper, sizeof upper);
  /* Relative names keep a deep image far below that page. */
  size_t used = (size_t)snprintf(options, sizeof options, "lowerdir=l%zu", first);
  for (size_t i = first + 1; i < end; i++) used += (size_t)snprintf(options + used, sizeof options - used, ":l%zu", i);
  /* index=off: Docker's own overlay holds the same upper directory, which the index would refuse as busy. */
  used += (size_t)snprintf(options + used, sizeof options - used, "%s,index=off%s%s", upper,
                           op->options[0] == '\0' ? "" : ",", op->options);
  if (used >= sizeof options) fail("an overlay has too many layers (%zu)", end - first);
  /* A device node of an image opens nothing: the container's devices are in the /dev that runc mounts. */
  if (mount("overlay", target, "overlay", MS_NODEV, options) != 0)
    fail("the %s cannot be mounted: %s; the kernel log (overlayfs) may say more",
         op->index == 0 ? "root file system" : "overlay of a bind source", strerror(errno));
  act_as_host_root();
  struct statvfs status;
  if (statvfs(target, &status) != 0) fail("an overlay cannot be examined: %s", strerror(errno));
  if (op->text[0] != '\0' && (status.f_flag & ST_RDONLY) != 0)
    fail("an overlay came up read-only; the kernel log (overlayfs) has the reason");
}

int open_in_overlay(const struct op *op) {
  char name[16];
  snprintf(name, sizeof name, "o%u", op->index);
  const int root = open(name, O_PATH | O_DIRECTORY | O_CLOEXEC);
  const struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS};
  const int fd = root < 0 ? -1 : (int)syscall(SYS_openat2, root, op->within, &how, sizeof how);
  if (fd < 0) fail("%s cannot be opened in the layers of a bind source: %s", op->within, strerror(errno));
  close(root);
  return fd;
}

/* Makes what is missing of the path, which starts from the working root. Returns whether all of it is there. */
static bool make_path(const char *path, bool is_directory) {
  char prefix[PATH_MAX];
  for (size_t end = 1; path[end - 1] != '\0'; end++) {
    if (path[end] != '/' && path[end] != '\0') continue;
    snprintf(prefix, sizeof prefix, "%.*s", (int)end, path);
    const bool is_file = path[end] == '\0' && !is_directory;
    if ((is_file ? mknod(prefix, S_IFREG | 0644, 0) : mkdir(prefix, 0755)) != 0 && errno != EEXIST) return false;
  }
  /* A dangling link exists, but nothing was made through it. */
  struct stat status;
  return stat(path, &status) == 0;
}

void make_mountpoint(const char *path, bool is_directory, uint32_t base) {
  const int host = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  /* Links of the image then lead nowhere else, as when runc makes mount points. */
  if (host < 0 || chroot(BH_ROOTFS) != 0) fail("the root file system cannot be entered: %s", strerror(errno));
  act_as(base);
  const mode_t mask = umask(022);
  if (!make_path(path, is_directory)) fail("the mount point %s cannot be made in the read-only root: %s", path, strerror(errno));
  umask(mask);
  act_as_host_root();
  if (fchdir(host) != 0 || chroot(".") != 0 || chdir(BH_STAGE) != 0) fail("the root file system cannot be left: %s", strerror(errno));
  close(host);
}
