#include "fuse_abort.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>

#include "files.h"
#include "log.h"
#include "mountinfo.h"

#define CONNECTIONS "/sys/fs/fuse/connections"
#define LINE_LIMIT 8192

static bool is_fuse(const char *type)
{
    return strcmp(type, "fuse") == 0 || strcmp(type, "fuseblk") == 0 || strncmp(type, "fuse.", 5) == 0;
}

/* A connection is named by the device number of its file system, which has no major number (fs/fuse/control.c). */
static void abort_mounted(const char *process, const char *thread)
{
    static char line[LINE_LIMIT];
    char path[600];
    struct mount_entry entry;

    snprintf(path, sizeof(path), "/proc/%s/task/%s/mountinfo", process, thread);
    FILE *mounts = fopen(path, "re");
    if (mounts == NULL)
        return;
    while (fgets(line, sizeof(line), mounts) != NULL) {
        if (!parse_mount_line(line, &entry) || !is_fuse(entry.type) || entry.major != 0)
            continue;
        snprintf(path, sizeof(path), CONNECTIONS "/%u/abort", entry.minor);
        if (write_attribute(path, "1"))
            log_line("the FUSE mount %u of process %s is ended", entry.minor, process);
    }
    fclose(mounts);
}

/* Each thread: the first one may have ended before the one that waits. */
static void abort_of_process(const char *process)
{
    char path[300];
    const struct dirent *entry;

    snprintf(path, sizeof(path), "/proc/%s/task", process);
    DIR *threads = opendir(path);
    while (threads != NULL && (entry = readdir(threads)) != NULL)
        if (entry->d_name[0] != '.')
            abort_mounted(process, entry->d_name);
    if (threads != NULL)
        closedir(threads);
}

void abort_fuse_connections(void)
{
    const struct dirent *entry;

    /* Not mounted while containers run: nothing else in the VM has a use for it. */
    if (mount("fusectl", CONNECTIONS, "fusectl", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) != 0) {
        log_line("%s: %s", CONNECTIONS, strerror(errno));
        return;
    }
    DIR *processes = opendir("/proc");
    while (processes != NULL && (entry = readdir(processes)) != NULL)
        if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9' && strcmp(entry->d_name, "1") != 0)
            abort_of_process(entry->d_name);
    if (processes != NULL)
        closedir(processes);
    umount2(CONNECTIONS, MNT_DETACH);
}
