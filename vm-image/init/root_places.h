#ifndef BULKHEAD_ROOT_PLACES_H
#define BULKHEAD_ROOT_PLACES_H

#include <stdbool.h>
#include <stddef.h>

#include "share_list.h"

/**
 * Gives each share a directory at its path. The verified root is read-only and has no directory /home or /srv, so `/` becomes a small tmpfs in which every
 * directory of the root is bound, except those a share lies in: they are made anew, with what the root has in them bound likewise. What is mounted
 * in the root by then goes along. Afterwards `/` is read-only again. False with errno, and `failed` is the place; nothing may go on then.
 */
bool make_root_places(const struct share *shares, size_t count, const char **failed);

#endif
