/*
 * Runs as the root of a container with every capability and tries to make read-only mounts writable in the ways the kernel
 * offers. Prints a line for each attempt: its name and the errno's name, or OPEN.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

static void report(const char *where, const char *attempt, const char *path, long result) {
  printf("%s %s %s: %s\n", where, attempt, path, result >= 0 ? "OPEN" : strerrorname_np(errno));
  fflush(stdout);
}

static void attack(const char *where, const char *path) {
  struct mount_attr writable = {.attr_clr = MOUNT_ATTR_RDONLY};
  struct mount_attr setuid = {.attr_clr = MOUNT_ATTR_NOSUID};
  struct mount_attr devices = {.attr_clr = MOUNT_ATTR_NODEV};
  report(where, "remount", path, mount(NULL, path, NULL, MS_REMOUNT | MS_BIND, NULL));
  report(where, "mount_setattr", path, syscall(SYS_mount_setattr, AT_FDCWD, path, 0, &writable, sizeof writable));
  if (strcmp(path, "/") != 0)
    report(where, "suid", path, syscall(SYS_mount_setattr, AT_FDCWD, path, 0, &setuid, sizeof setuid));
  report(where, "dev", path, syscall(SYS_mount_setattr, AT_FDCWD, path, 0, &devices, sizeof devices));
  const int tree = (int)syscall(SYS_open_tree, AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
  report(where, "clone", path, tree < 0 ? -1 : syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH, &writable, sizeof writable));
  char file[64];
  snprintf(file, sizeof file, "%s/written", path);
  report(where, "write", path, open(file, O_CREAT | O_WRONLY, 0600));
}

int main(void) {
  FILE *map = fopen("/proc/self/uid_map", "re");
  unsigned inside = 0, outside = 0, size = 0;
  if (map != NULL && fscanf(map, "%u %u %u", &inside, &outside, &size) == 3) printf("map %u %u %u\n", inside, outside, size);
  attack("plain", "/vol");
  attack("plain", "/");
  if (unshare(CLONE_NEWNS) == 0) attack("mount-namespace", "/vol");
  if (unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0) attack("nested", "/vol");
  return 0;
}
