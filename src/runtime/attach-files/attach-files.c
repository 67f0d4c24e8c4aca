/*
 * Lets a privileged container write settings of the whole machine that software insists on writing (kubelet ends when it cannot),
 * without any effect: a file of the container's own is attached over each. What is not among the names given stays the kernel's.
 *
 * attach-files BASE NAME...
 *
 * BASE is the container's root on the machine, each NAME a path below /proc/sys. The isolation rules add it as the only createRuntime
 * hook (OCI config.md, "POSIX-platform Hooks"): runc runs it after it has made the mounts and before it enters them. It enters the
 * mount namespace, and the network namespace because that decides what /proc/sys/net is, but neither pids nor ids of the container: nothing
 * there ever sees this process, and it is gone before the container's first program runs. The image's files and the mounts may be hostile.
 */
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <sched.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "container-init.h"
#include "give-up.h"
#include "setting-files.h"
#include "untouched-proc.h"

#define ROOT "/run/bulkhead/rootfs"

/* Where a link is in the way it is not followed: -1. */
static int open_directory(const char *path) {
  struct open_how how = {.flags = O_PATH | O_DIRECTORY | O_CLOEXEC, .resolve = RESOLVE_NO_SYMLINKS};
  return (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof how);
}

static void attach_file(int proc, const struct setting_file *file) {
  struct open_how how = {
      .flags = O_PATH | O_CLOEXEC,
      .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV,
  };
  char name[128];
  if (file->tree < 0) return;
  snprintf(name, sizeof name, "sys/%s", file->name);
  const int setting = (int)syscall(SYS_openat2, proc, name, &how, sizeof how);
  if (setting < 0 && errno == ENOENT) return; /* this network has no such setting */
  if (setting < 0 || syscall(SYS_move_mount, file->tree, "", setting, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) != 0)
    give_up("the container's /proc/%s cannot be covered", name);
  close(setting);
}

int main(int argc, char **argv) {
  char *end;
  const unsigned long base = argc > 2 ? strtoul(argv[1], &end, 10) : 0;
  if (base == 0 || base > 0xfffffffeul || *end != '\0' || argc - 2 > MOST_FILES) {
    fputs("usage: attach-files BASE NAME...\n", stderr);
    return 64;
  }
  const uid_t owner = (uid_t)base;
  const int init = open_container_init();
  struct staged staged = stage_files(owner, (size_t)argc - 2, argv + 2);
  if (setns(init, CLONE_NEWNS | CLONE_NEWNET) != 0) give_up("the container cannot be entered");

  const int proc = open_directory(ROOT "/proc");
  const int device_directory = open_directory(ROOT "/dev");
  struct statfs status;
  if (proc < 0 || fstatfs(proc, &status) != 0 || status.f_type != PROC_SUPER_MAGIC) give_up("the container's /proc is no proc");
  /* Without it, more would stop working inside than these files are worth. */
  if (device_directory < 0 || !keep_untouched_proc(proc, device_directory, owner, staged.place)) return 0;
  for (size_t at = 0; at < staged.count; at++) attach_file(proc, &staged.files[at]);
  return 0;
}
