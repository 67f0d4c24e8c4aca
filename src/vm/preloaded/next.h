#ifndef BULKHEAD_PRELOADED_NEXT_H
#define BULKHEAD_PRELOADED_NEXT_H

#include <dlfcn.h>
#include <stdlib.h>

/** For a library that is loaded before others (LD_PRELOAD): the next function of that name, the C library's. Without it nothing may go on, as if the library were not there. */
static inline void *next(const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);

    if (found == NULL)
        abort();
    return found;
}

#endif
