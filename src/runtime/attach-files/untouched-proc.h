#pragma once

#include <stdbool.h>
#include <sys/types.h>

/*
 * Gives the container's mount namespace, which this process must be in, a second mount of `proc` that nothing is ever mounted in, and
 * covers it. `device_directory` is the container's /dev, `owner` its root on the machine; `place` a detached mount of a
 * directory with two empty ones, `proc` and `cover`. False, with nothing changed, where /dev is no place for it.
 */
bool keep_untouched_proc(int proc, int device_directory, uid_t owner, int place);
