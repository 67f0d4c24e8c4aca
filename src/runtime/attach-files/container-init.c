#include "container-init.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "give-up.h"

/* runc has two children while a hook runs; more are none of ours to choose from. */
#define MOST_TEXT 64

/* Adds what one thread of runc has for children to the one found so far: 0 for none, -1 for several. */
static int other_child(int task, const char *thread, int found) {
  char name[64], text[MOST_TEXT];
  snprintf(name, sizeof name, "%.32s/children", thread);
  const int file = openat(task, name, O_RDONLY | O_CLOEXEC);
  if (file < 0) {
    if (errno == ENOENT && faccessat(task, thread, F_OK, 0) != 0) return found; /* the thread has ended */
    give_up("the children of runc are not listed");
  }
  const ssize_t size = read(file, text, sizeof text - 1);
  if (size < 0 || size == sizeof text - 1) give_up("the children of runc cannot be read");
  close(file);
  text[size] = '\0';
  for (char *rest = text, *end; *rest != '\0'; rest = end) {
    const long child = strtol(rest, &end, 10);
    if (end == rest) break;
    if (child != getpid()) found = found == 0 ? (int)child : -1;
  }
  return found;
}

static int find_other_child(void) {
  char path[48];
  snprintf(path, sizeof path, "/proc/%d/task", getppid());
  DIR *threads = opendir(path);
  const struct dirent *thread;
  int found = 0;
  if (!threads) give_up("runc is not found");
  while ((thread = readdir(threads)) != NULL)
    if (thread->d_name[0] != '.') found = other_child(dirfd(threads), thread->d_name, found);
  closedir(threads);
  errno = ECHILD;
  if (found <= 0) give_up("runc has no child, or several, that could be the container");
  return found;
}

int open_container_init(void) {
  const int process = find_other_child();
  const int fd = (int)syscall(SYS_pidfd_open, process, 0);
  if (fd < 0) give_up("the container's first process cannot be opened");
  /* A pid is another process's when its own has ended; asked again, it is known to have been the child that was opened. */
  if (find_other_child() != process) give_up("the container's first process has ended");
  return fd;
}
