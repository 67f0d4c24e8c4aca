#pragma once

#include <stddef.h>
#include <sys/types.h>

/* As many settings as one container can have files for. */
#define MOST_FILES 16

struct setting_file {
  const char *name; /* below /proc/sys */
  int tree;         /* a detached mount of the file, or -1 when this kernel has no such setting */
};

struct staged {
  struct setting_file files[MOST_FILES];
  size_t count;
  int place; /* a detached mount of a directory with two empty ones, `proc` and `cover` */
};

/*
 * Makes a small file system with a file for each name, which holds the machine's value and belongs to `owner`, a uid and gid of the
 * machine. It lies in the private mount namespace this process shares with runc, and goes with it and the container.
 */
struct staged stage_files(uid_t owner, size_t count, char *const *names);
