#ifndef BULKHEAD_FACTS_H
#define BULKHEAD_FACTS_H

#include <stdbool.h>
#include <sys/types.h>

#include "wire.h"

/* A path opened once: facts are taken of this descriptor and the mount is cloned from it. */
struct source {
  const char *path;
  int fd; /* O_PATH, -1 when it could not be opened */
  mode_t mode;
};

/* Opens every path of an `open` message. Returns fields[1..] as sources; the caller owns the array. */
struct source *open_sources(const struct message *message, size_t *count);

/* Adds nine fields for each source, as docs/architecture.md lists them. */
void add_facts(struct builder *builder, struct source *sources, size_t count);

/* Reads a whole file of at most `limit` bytes into memory that ends with a NUL; fails naming `what`. */
char *read_file(int directory, const char *path, size_t limit, const char *what, size_t *size);

#endif
