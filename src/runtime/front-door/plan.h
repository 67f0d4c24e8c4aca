#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire.h"

#define PLAN_MAX_LAYERS 500u  /* overlayfs takes no more lower layers */
#define PLAN_MAX_SOURCES 512u /* each is an open descriptor, and runc inherits the soft limit of 1024 */

enum op_kind {
  OP_USERNS,
  OP_LAYER,
  OP_UPPER,
  OP_OVERLAY,
  OP_ROOT_BIND,
  OP_MOUNTPOINT,
  OP_ROOT_READONLY,
  OP_BIND,
  OP_CONFIG,
};

#define NO_SOURCE UINT32_MAX
#define BIND_OWNED 0x40000000u /* with the ids turned around by those of userns */

struct op {
  enum op_kind kind;
  uint32_t base, size, uid, gid; /* userns; size also: bytes of config */
  uint32_t index;      /* bind; overlay, where 0 is the root; mountpoint, where NO_SOURCE stands for a directory */
  unsigned flags;      /* bind: MOUNT_ATTR_*, AT_RECURSIVE and BIND_OWNED, which share no bit */
  const char *text;    /* path; overlay: upper name, empty without one; config: bytes */
  const char *within, *work, *options; /* overlay */
};

struct plan {
  struct op *ops;
  size_t count;
};

/*
 * Reads a `plan` message strictly: known operations, exact arity, bounded numbers, names that name one entry, one
 * fixed order. `sources` is the number of opened paths. Returns false with a sentence in `error`. The texts point into the
 * message. On success the caller owns plan->ops.
 */
bool plan_parse(const struct message *message, size_t sources, struct plan *plan, char *error, size_t error_size);
