#include "unmount.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "data_disk.h"
#include "log.h"
#include "mountinfo.h"

#define TRIES 20
#define PAUSE_MS 50 /* nothing announces that a dead mount namespace is gone */
#define POINT_LIMIT 4096
/* No container writes here, and no link is followed below it (engine_storage.h). */
#define STEPS "/var/lib/docker/buildkit/executor"

/* What the engine leaves mounted: layers below the data disk, task directories and network namespaces in /run. */
static bool is_engine_mount(const struct mount_entry *entry)
{
    return is_below(entry->point, DATA_POINT) || is_below(entry->point, "/var/lib/docker") || is_below(entry->point, "/var/lib/containerd") ||
           (is_below(entry->point, "/run") && strcmp(entry->point, "/run") != 0);
}

/* The last engine mount in the table: mounts are listed in the order they were made, so nothing is stacked over it. */
static bool last_engine_mount(char *point, bool *data)
{
    char line[POINT_LIMIT];
    struct mount_entry entry;
    bool found = false;
    FILE *mounts = fopen("/proc/self/mountinfo", "re");

    if (mounts == NULL)
        return false;
    while (fgets(line, sizeof(line), mounts) != NULL) {
        if (!parse_mount_line(line, &entry) || !is_engine_mount(&entry))
            continue;
        found = true;
        *data = strcmp(entry.point, DATA_POINT) == 0;
        snprintf(point, POINT_LIMIT, "%s", entry.point);
    }
    fclose(mounts);
    return found;
}

static bool unmount_patiently(const char *point)
{
    for (int i = 0; i < TRIES; i++) {
        if (umount2(point, UMOUNT_NOFOLLOW) == 0)
            return true;
        if (errno != EBUSY)
            return false;
        poll(NULL, 0, PAUSE_MS);
    }
    return false;
}

void unmount_data(void)
{
    char point[POINT_LIMIT];
    bool data;

    while (last_engine_mount(point, &data)) {
        if (data ? unmount_patiently(point) : umount2(point, UMOUNT_NOFOLLOW) == 0)
            continue;
        log_line("unmount of %s: %s", point, strerror(errno));
        if (data && mount(NULL, point, NULL, MS_REMOUNT | MS_RDONLY | MS_NODEV, NULL) != 0)
            log_line("read-only remount of %s: %s", point, strerror(errno));
        /* detached, it no longer hides what is below it */
        if (umount2(point, MNT_DETACH | UMOUNT_NOFOLLOW) != 0)
            return;
    }
}

bool unmount_step(const char *name)
{
    char point[POINT_LIMIT];

    snprintf(point, sizeof(point), STEPS "/%s/rootfs", name);
    return umount2(point, MNT_DETACH | UMOUNT_NOFOLLOW) == 0;
}
