#include "ids.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/magic.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "log.h"

static void write_map(int process, const char *kind, uint32_t base, uint32_t size, uint32_t first) {
  char path[48], map[96];
  snprintf(path, sizeof path, "/proc/%d/%s", process, kind);
  int length = snprintf(map, sizeof map, "0 %u %u\n", base + first, size - first);
  if (first > 0) length += snprintf(map + length, sizeof map - (size_t)length, "%u %u %u\n", size - first, base, first);
  const int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0 || write(fd, map, (size_t)length) != length) fail("ids %u+%u cannot be mapped (%s: %s)", base, size, kind, strerror(errno));
  close(fd);
}

int make_user_namespace(uint32_t base, uint32_t size, uint32_t uid, uint32_t gid) {
  const pid_t parent = getpid();
  const int child = (int)syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, NULL);
  if (child < 0) fail("no user namespace can be made: %s", strerror(errno));
  if (child == 0) {
    /* Only keeps the namespace alive until it is mapped; dies with its parent whatever happens. */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    while (getppid() == parent) pause();
    _exit(0);
  }
  write_map(child, "uid_map", base, size, uid);
  write_map(child, "gid_map", base, size, gid);
  char path[48];
  snprintf(path, sizeof path, "/proc/%d/ns/user", child);
  const int namespace = open(path, O_RDONLY | O_CLOEXEC);
  if (namespace < 0) fail("the user namespace cannot be opened: %s", strerror(errno));
  kill(child, SIGKILL);
  while (waitpid(child, NULL, 0) < 0 && errno == EINTR) continue;
  return namespace;
}

void act_as(uint32_t base) {
  setfsgid(base);
  setfsuid(base); /* takes the file capabilities out of the effective set */
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
  struct __user_cap_data_struct sets[2];
  if (syscall(SYS_capget, &header, sets) != 0) fail("capabilities cannot be read: %s", strerror(errno));
  for (int i = 0; i < 2; i++) sets[i].effective = sets[i].permitted;
  if (syscall(SYS_capset, &header, sets) != 0) fail("capabilities cannot be raised: %s", strerror(errno));
  /* Neither setfsuid(2) reports failure; asking with an invalid id tells what is in force. */
  if ((uint32_t)setfsuid((uid_t)-1) != base || (uint32_t)setfsgid((gid_t)-1) != base)
    fail("the ids of the container's root cannot be taken");
}

void act_as_host_root(void) {
  setfsuid(0);
  setfsgid(0);
  if (setfsuid((uid_t)-1) != 0 || setfsgid((gid_t)-1) != 0) fail("the ids of the host's root cannot be taken back");
}

void give_streams(uint32_t base) {
  struct statfs system;
  for (int fd = 0; fd <= 2; fd++)
    if (fstatfs(fd, &system) == 0 && system.f_type == PIPEFS_MAGIC && fchown(fd, base, base) != 0)
      fail("a stream cannot be given to the container: %s", strerror(errno));
}

void give_streams_to_running(void) {
  char path[48];
  unsigned process, base;
  FILE *file = fopen("init.pid", "re");
  if (file == NULL || fscanf(file, "%u", &process) != 1 || snprintf(path, sizeof path, "/proc/%u/uid_map", process) < 0) return;
  if ((file = fopen(path, "re")) != NULL && fscanf(file, " 0 %u", &base) == 1 && base >= 65536) give_streams(base);
}
