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
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "log.h"
#include "plan.h"

char *read_file(int directory, const char *path, size_t limit, const char *what, size_t *size) {
  const int fd = openat(directory, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (fd < 0) fail("%s cannot be opened: %s", what, strerror(errno));
  char *data = NULL;
  size_t used = 0, capacity = 16384;
  for (;;) {
    data = realloc(data, capacity + 1);
    if (data == NULL) fail("there is no memory for %s", what);
    const ssize_t count = read(fd, data + used, capacity - used);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail("%s cannot be read: %s", what, strerror(errno));
    if (count == 0) break;
    used += (size_t)count;
    if (used > limit) fail("%s is longer than %zu bytes", what, limit);
    if (used == capacity) capacity *= 2;
  }
  close(fd);
  data[used] = '\0';
  if (size != NULL) *size = used;
  return data;
}

struct source *open_sources(const struct message *message, size_t *count) {
  *count = message->count - 1;
  if (*count == 0 || *count > PLAN_MAX_SOURCES)
    fail("the container needs %zu paths, between 1 and %u are possible", *count, PLAN_MAX_SOURCES);
  struct source *sources = calloc(*count, sizeof *sources);
  if (sources == NULL) fail("there is no memory for the paths of the container");
  for (size_t i = 0; i < *count; i++) {
    const struct field *field = &message->fields[i + 1];
    if (!field->text || field->size >= PATH_MAX || field->data[0] != '/')
      fail("the answer of bulkheadd is malformed: path %zu is not an absolute path", i);
    sources[i].path = field->data;
    /* Follows links, as Docker does for bind sources: what was reached is judged, not the name. */
    sources[i].fd = open(field->data, O_PATH | O_CLOEXEC);
    if (sources[i].fd < 0 && (errno == EMFILE || errno == ENFILE)) fail("too many files are open: %s", strerror(errno));
    if (sources[i].fd < 0) sources[i].mode = 0, sources[i].fd = -errno;
  }
  return sources;
}

/* The line of `mountinfo` that starts with the mount id; proc_pid_mountinfo(5). */
static const char *find_mount(const char *mountinfo, uint64_t id, size_t *size) {
  char wanted[24];
  const int length = snprintf(wanted, sizeof wanted, "%llu ", (unsigned long long)id);
  for (const char *line = mountinfo; *line != '\0';) {
    *size = strcspn(line, "\n");
    if (strncmp(line, wanted, (size_t)length) == 0) return line;
    line += *size + (line[*size] == '\n');
  }
  return NULL;
}

/*
 * A namespace lies on no mount of the table. What matters of it is which user namespace owns it (ioctl_ns(2)): that one's
 * inode, or 0 for the first user namespace, which has no owner.
 */
static void add_namespace_owner(struct builder *builder, const char *name) {
  const int namespace = open(name, O_RDONLY | O_CLOEXEC);
  const int owner = namespace < 0 ? -1 : ioctl(namespace, NS_GET_USERNS);
  struct stat status = {0};
  if (namespace < 0 || (owner >= 0 ? fstat(owner, &status) != 0 : errno != EPERM))
    fail("the owner of a namespace cannot be found: %s", strerror(errno));
  builder_add_format(builder, "%llu", (unsigned long long)status.st_ino);
  if (owner >= 0) close(owner);
  close(namespace);
}

void add_facts(struct builder *builder, struct source *sources, size_t count) {
  const char *mountinfo = read_file(AT_FDCWD, "/proc/self/mountinfo", WIRE_MAX_PAYLOAD, "the mount table", NULL);
  for (size_t i = 0; i < count; i++) {
    if (sources[i].fd < 0) {
      builder_add_format(builder, "%d", -sources[i].fd);
      for (int empty = 1; empty < 9; empty++) builder_add_text(builder, "");
      sources[i].fd = -1;
      continue;
    }
    char name[32], real[PATH_MAX];
    snprintf(name, sizeof name, "/proc/self/fd/%d", sources[i].fd);
    const ssize_t length = readlink(name, real, sizeof real);
    struct statx status;
    struct statfs filesystem;
    if (length < 0 || (size_t)length >= sizeof real ||
        statx(sources[i].fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_MNT_ID, &status) != 0 ||
        fstatfs(sources[i].fd, &filesystem) != 0)
      fail("%s cannot be examined: %s", sources[i].path, strerror(errno));
    size_t size;
    const char *line = find_mount(mountinfo, status.stx_mnt_id, &size);
    const bool namespace = line == NULL && filesystem.f_type == NSFS_MAGIC;
    if (line == NULL && !namespace) fail("the mount of %s is not in the mount table", sources[i].path);
    sources[i].mode = status.stx_mode;
    builder_add_text(builder, "0");
    builder_add(builder, real, (size_t)length);
    builder_add_format(builder, "%o", (unsigned)status.stx_mode);
    builder_add_format(builder, "%u:%u", status.stx_rdev_major, status.stx_rdev_minor);
    builder_add_format(builder, "%u:%u", status.stx_dev_major, status.stx_dev_minor);
    builder_add_format(builder, "%llu", (unsigned long long)status.stx_ino);
    builder_add_format(builder, "%lx", (unsigned long)filesystem.f_type);
    builder_add_format(builder, "%llu", (unsigned long long)status.stx_mnt_id);
    if (namespace) add_namespace_owner(builder, name);
    else builder_add(builder, line, size);
  }
}
