#include "shares.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "root_places.h"

#ifndef MS_NOSYMFOLLOW
#define MS_NOSYMFOLLOW 256
#endif

static bool mount_share(const struct share *share, const struct share *first)
{
    char device[32];

    /* a clone has the flags of what it is cloned of */
    if (share->again)
        return mount(first->path, share->path, NULL, MS_BIND, NULL) == 0;
    snprintf(device, sizeof(device), "share%u", share->device);
    return mount(device, share->path, "virtiofs", MS_NOSUID | MS_NODEV | MS_NOSYMFOLLOW | (share->read_only ? MS_RDONLY : 0), NULL) == 0;
}

/* What the kernel says of it: a flag that was asked for is not one that is there. */
static bool is_mounted_as_asked(const struct share *share)
{
    FILE *const mounts = fopen("/proc/self/mountinfo", "re");
    char *line = NULL;
    size_t room = 0;
    bool fit = false;

    /* of two at one place the later one is seen */
    while (mounts != NULL && getline(&line, &room, mounts) >= 0) {
        struct mount_entry entry;
        if (parse_mount_line(line, &entry) && strcmp(entry.point, share->path) == 0)
            fit = is_fit_mount(share, &entry);
    }
    free(line);
    if (mounts != NULL)
        fclose(mounts);
    return fit;
}

bool mount_one_share(const struct share *share, const struct share *first, char *detail)
{
    if (!mount_share(share, first))
        snprintf(detail, SHARE_DETAIL_LIMIT, "%.900s cannot be mounted: %s", share->path, strerror(errno));
    else if (!is_mounted_as_asked(share))
        snprintf(detail, SHARE_DETAIL_LIMIT, "%.900s is not mounted with the flags it must have", share->path);
    else
        return true;
    return false;
}

bool mount_shares(int list, char *detail)
{
    static char text[SHARE_LIST_LIMIT];
    static struct share shares[MAX_SHARES];
    const char *failed = "";

    if (list < 0)
        return true;
    const ssize_t size = pread(list, text, sizeof(text), 0);
    const int count = size < 0 || size == (ssize_t)sizeof(text) ? -1 : parse_share_list(text, (size_t)size, shares);
    if (count < 0) {
        snprintf(detail, SHARE_DETAIL_LIMIT, "the list of shared directories is malformed");
        return false;
    }
    for (int i = 0; i < count; i++)
        if (is_own_place(shares[i].path)) {
            snprintf(detail, SHARE_DETAIL_LIMIT, "a shared directory at %.900s would cover what the VM has there itself", shares[i].path);
            return false;
        }
    if (!make_root_places(shares, (size_t)count, &failed)) {
        snprintf(detail, SHARE_DETAIL_LIMIT, "no place for a shared directory at %.900s: %s", failed, strerror(errno));
        return false;
    }
    for (int i = 0; i < count; i++)
        if (!mount_one_share(&shares[i], i == 0 ? NULL : &shares[i - 1], detail))
            return false;
    return true;
}
