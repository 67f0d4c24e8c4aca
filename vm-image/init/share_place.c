/*
 * Mounts one more directory of the host in the VM that runs, or takes one away. bulkheadd runs it, in whose mount namespace, as in PID 1's, all mounts are shared with
 * the engine's.
 *
 * usage: share-place add NUMBER rw|ro PATH [NAME]
 *        share-place remove|detach PATH
 *
 * PATH is the directory, and comes by the device `share<NUMBER>`; NAME is another name of it. What is there already as it is asked for is no error: bulkheadd may have been
 * started again. `detach` takes it away also where it is in use. Otherwise status 1, and one line on standard error.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "devices.h"
#include "fields.h"
#include "log.h"
#include "mountinfo.h"
#include "root_places.h"
#include "shares.h"

#define MOST_NUMBER 999999
/* the host adds it and asks at once; an emulated machine takes a second to find it */
#define DEVICE_DEADLINE_MS 20000

static _Noreturn void refuse(const char *place, const char *reason)
{
    fprintf(stderr, "%.900s: %s\n", place, reason);
    exit(EXIT_FAILURE);
}

enum found { NOTHING, THE_SAME, IN_THE_WAY };

static enum found judge_mount(const struct share *share, const struct mount_entry *entry)
{
    char device[32];

    snprintf(device, sizeof(device), "share%u", share->device);
    if (strcmp(entry->point, share->path) == 0)
        return strcmp(entry->source, device) == 0 && is_fit_mount(share, entry) ? THE_SAME : IN_THE_WAY;
    /* one that holds the other would show it by two ways, or hide it */
    const bool related = is_below(entry->point, share->path) || is_below(share->path, entry->point);
    return related && strcmp(entry->type, "virtiofs") == 0 ? IN_THE_WAY : NOTHING;
}

/* What the mount table has where a share is to be, and whether this VM has a root with places for shares. */
static enum found look(const struct share *share, bool *has_places)
{
    FILE *const mounts = fopen("/proc/self/mountinfo", "re");
    enum found found = NOTHING;
    char *line = NULL;
    size_t room = 0;

    if (mounts == NULL)
        refuse("/proc/self/mountinfo", strerror(errno));
    while (getline(&line, &room, mounts) >= 0) {
        struct mount_entry entry;
        if (!parse_mount_line(line, &entry))
            refuse("/proc/self/mountinfo", "a line of it is malformed");
        if (strcmp(entry.point, "/") == 0)
            *has_places = strcmp(entry.source, ROOT_SOURCE) == 0;
        const enum found one = judge_mount(share, &entry);
        found = one > found ? one : found;
    }
    free(line);
    fclose(mounts);
    return found;
}

static void await_share(const struct share *share)
{
    char device[32], path[DEVICE_PATH_LIMIT];
    const int events = open_device_events();

    snprintf(device, sizeof(device), "share%u", share->device);
    if (!await_device(events, find_share, device, uptime_ms() + DEVICE_DEADLINE_MS, path))
        refuse(share->path, "its device has not come");
    close(events);
}

static void add(const struct share *share, const struct share *first)
{
    char detail[SHARE_DETAIL_LIMIT];
    bool has_places = false;

    if (!is_plain_path(share->path) || is_own_place(share->path))
        refuse(share->path, "a shared directory there would cover what the VM has there itself");
    switch (look(share, &has_places)) {
    case THE_SAME:
        return;
    case IN_THE_WAY:
        refuse(share->path, "something else is mounted there, above it or in it");
    case NOTHING:
        break;
    }
    if (!has_places)
        refuse(share->path, "the VM was booted without shared directories and has no place for one");
    await_share(share);
    if (!add_root_place(share->path))
        refuse(share->path, strerror(errno));
    if (mount_one_share(share, first, detail))
        return;
    umount2(share->path, UMOUNT_NOFOLLOW);
    fprintf(stderr, "%s\n", detail);
    exit(EXIT_FAILURE);
}

static void take_away(const char *path, int flags)
{
    const struct share share = {.path = path, .device = MOST_NUMBER + 1};
    bool has_places = false;

    if (!is_plain_path(path) || is_own_place(path))
        refuse(path, "it is no shared directory");
    if (look(&share, &has_places) == NOTHING)
        return;
    if (umount2(path, UMOUNT_NOFOLLOW | flags) != 0)
        refuse(path, strerror(errno));
}

int main(int count, char **arguments)
{
    uint64_t number;

    const bool detach = count == 3 && strcmp(arguments[1], "detach") == 0;
    if (detach || (count == 3 && strcmp(arguments[1], "remove") == 0)) {
        take_away(arguments[2], detach ? MNT_DETACH : 0);
        return EXIT_SUCCESS;
    }
    const bool read_only = count > 3 && strcmp(arguments[3], "ro") == 0;
    if ((count != 5 && count != 6) || strcmp(arguments[1], "add") != 0 || !parse_decimal(arguments[2], 0, MOST_NUMBER, &number) ||
        (!read_only && strcmp(arguments[3], "rw") != 0))
        refuse("usage", "share-place add NUMBER rw|ro PATH [NAME] | remove|detach PATH");
    const struct share share = {.path = arguments[4], .device = (unsigned int)number, .read_only = read_only};
    add(&share, NULL);
    if (count == 6) {
        const struct share name = {.path = arguments[5], .device = share.device, .read_only = read_only, .again = true};
        add(&name, &share);
    }
    return EXIT_SUCCESS;
}
