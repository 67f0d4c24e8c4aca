#ifndef BULKHEAD_ROOT_PLACES_H
#define BULKHEAD_ROOT_PLACES_H

#include <stdbool.h>
#include <stddef.h>

#include "share_list.h"

/** What the mount table says `/` is made of afterwards. */
#define ROOT_SOURCE "bulkhead-root"

/**
 * Gives each share a directory at its path. The verified root is read-only and has no directory /home or /srv, so `/` becomes a small tmpfs in which every
 * directory of the root is bound, except those a share may lie in: they are made anew, with what the root has in them bound likewise. What is mounted
 * in the root by then goes along. Afterwards `/` is read-only again. False with errno, and `failed` is the place; nothing may go on then.
 */
bool make_root_places(const struct share *shares, size_t count, const char **failed);

/**
 * The same for one more, in a VM that has such a root. `/` is written to for that moment in PID 1's view alone: the engine's are read-only by themselves (engine_view.h).
 * False with errno.
 */
bool add_root_place(const char *path);

#endif
