#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "wire.h"

/* A path opened once: facts are taken of this descriptor and the mount is cloned from it. */
struct source {
  const char *path;
  int fd; /* O_PATH, -1 when it could not be opened */
  mode_t mode;
};

/*
 * Opens the `count` paths of an `open` message and adds to `facts` what each really is, as docs/architecture.md lists it.
 * The caller owns the array.
 */
struct source *open_sources(const struct message *paths, size_t count, struct builder *facts);

/* Adds the kernel's name of what is open as `fd`; `shown` names it in a failure. */
void add_real_path(struct builder *builder, int fd, const char *shown);

/* Adds a whole file of at most `limit` bytes; fails naming `shown`. */
void add_file(struct builder *builder, int directory, const char *path, size_t limit, const char *shown);
