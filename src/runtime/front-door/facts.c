#include "facts.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "log.h"
#include "plan.h"

void add_file(struct builder *builder, int directory, const char *path, size_t limit, const char *shown) {
  const int fd = openat(directory, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (fd < 0) fail("%s cannot be opened: %s", shown, strerror(errno));
  char *data = malloc(limit + 1);
  if (data == NULL) fail("there is no memory for %s", shown);
  size_t size = 0;
  for (ssize_t count = 1; count != 0; size += (size_t)count) {
    if (size > limit) fail("%s is longer than %zu bytes", shown, limit);
    count = read(fd, data + size, limit + 1 - size);
    if (count < 0) fail("%s cannot be read: %s", shown, strerror(errno));
  }
  close(fd);
  builder_add(builder, data, size);
  free(data);
}

void add_real_path(struct builder *builder, int fd, const char *shown) {
  char name[32], real[PATH_MAX];
  snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
  const ssize_t length = readlink(name, real, sizeof real);
  if (length < 0 || (size_t)length >= sizeof real) fail("%s has no name", shown);
  builder_add(builder, real, (size_t)length);
}

/*
 * What matters of a namespace is which user namespace owns it (ioctl_ns(2)): that one's inode, or 0 for the first user
 * namespace, which has no owner.
 */
static void add_namespace_owner(struct builder *facts, int fd) {
  char name[32];
  snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
  const int namespace = open(name, O_RDONLY | O_CLOEXEC);
  const int owner = namespace < 0 ? -1 : ioctl(namespace, NS_GET_USERNS);
  struct stat status = {0};
  if (namespace < 0 || (owner >= 0 ? fstat(owner, &status) != 0 : errno != EPERM))
    fail("the owner of a namespace cannot be found: %s", strerror(errno));
  builder_add_format(facts, "%llu", (unsigned long long)status.st_ino);
  if (owner >= 0) close(owner);
  close(namespace);
}

static void describe(struct builder *facts, struct source *source) {
  struct statx status;
  struct statfs filesystem;
  if (statx(source->fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_MNT_ID, &status) != 0 ||
      fstatfs(source->fd, &filesystem) != 0)
    fail("%s cannot be examined: %s", source->path, strerror(errno));
  source->mode = status.stx_mode;
  builder_add_text(facts, "0");
  add_real_path(facts, source->fd, source->path);
  builder_add_format(facts, "%o", (unsigned)status.stx_mode);
  builder_add_format(facts, "%u:%u", status.stx_rdev_major, status.stx_rdev_minor);
  builder_add_format(facts, "%u:%u", status.stx_dev_major, status.stx_dev_minor);
  builder_add_format(facts, "%llu", (unsigned long long)status.stx_ino);
  builder_add_format(facts, "%lx", (unsigned long)filesystem.f_type);
  builder_add_format(facts, "%llu", (unsigned long long)status.stx_mnt_id);
  if (filesystem.f_type == NSFS_MAGIC) add_namespace_owner(facts, source->fd);
  else builder_add_text(facts, "");
}

struct source *open_sources(const struct message *paths, size_t count, struct builder *facts) {
  if (count == 0 || count > PLAN_MAX_SOURCES)
    fail("the container needs %zu paths, between 1 and %u are possible", count, PLAN_MAX_SOURCES);
  struct source *sources = calloc(count, sizeof *sources);
  if (sources == NULL) fail("there is no memory for the paths of the container");
  for (size_t i = 0; i < count; i++) {
    const struct field *field = &paths->fields[i + 1];
    if (!field->text || field->size >= PATH_MAX || field->data[0] != '/')
      fail("the answer of bulkheadd is malformed: path %zu is not an absolute path", i);
    /* Follows links, as Docker does for bind sources: what was reached is judged, not the name. */
    sources[i] = (struct source){.path = field->data, .fd = open(field->data, O_PATH | O_CLOEXEC)};
    if (sources[i].fd >= 0) {
      describe(facts, &sources[i]);
      continue;
    }
    if (errno == EMFILE || errno == ENFILE) fail("too many files are open: %s", strerror(errno));
    builder_add_format(facts, "%d", errno);
    for (int empty = 1; empty < 9; empty++) builder_add_text(facts, "");
  }
  /* Read last, so that it has the mount of everything opened. */
  add_file(facts, AT_FDCWD, "/proc/self/mountinfo", WIRE_MAX_PAYLOAD, "the mount table");
  return sources;
}
