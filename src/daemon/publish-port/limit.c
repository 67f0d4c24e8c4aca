#include "limit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef CGROUPS
#define CGROUPS "/sys/fs/cgroup"
#endif

static int open_of(const char *hierarchy, const char *cgroup, const char *file, int flags)
{
    char path[512];

    if (snprintf(path, sizeof(path), "%s/%s/%s", hierarchy, cgroup, file) >= (int)sizeof(path)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    return open(path, flags | O_CLOEXEC);
}

/* A number of a cgroup's; -1 where it has none, as `max`. */
static long number_of(const char *hierarchy, const char *cgroup, const char *file)
{
    char text[32] = "";
    int descriptor = open_of(hierarchy, cgroup, file, O_RDONLY);
    ssize_t got = descriptor >= 0 ? read(descriptor, text, sizeof(text) - 1) : -1;

    if (descriptor >= 0)
        close(descriptor);
    return got > 0 && text[0] >= '0' && text[0] <= '9' ? strtol(text, NULL, 10) : -1;
}

static bool join(int procs, const char *hierarchy, const char *cgroup, long tasks)
{
    const long most = number_of(hierarchy, cgroup, "pids.max");

    if (most >= 0 && number_of(hierarchy, cgroup, "pids.current") + tasks > most) {
        errno = EAGAIN;
        return false;
    }
    return write(procs, "0", 1) == 1;
}

bool limit_join(const char *cgroup, long tasks)
{
    /* cgroup v2, and v1 */
    static const char *const HIERARCHIES[] = {CGROUPS, CGROUPS "/pids"};

    for (size_t i = 0; i < sizeof(HIERARCHIES) / sizeof(HIERARCHIES[0]); i++) {
        int procs = open_of(HIERARCHIES[i], cgroup, "cgroup.procs", O_WRONLY);
        if (procs < 0 && errno == ENOENT)
            continue;
        bool done = procs >= 0 && join(procs, HIERARCHIES[i], cgroup, tasks);
        int error = errno;
        if (procs >= 0)
            close(procs);
        errno = error;
        return done;
    }
    return true;
}
