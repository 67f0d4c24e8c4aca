#include "data_disk.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <unistd.h>

#include "files.h"
#include "grow_disk.h"
#include "log.h"
#include "program.h"

#define FAILED_LIMIT 128

bool is_blank_marker(const char *start)
{
    static const char MARKER[DATA_MARKER_LENGTH] = "BULKHEAD-BLANK-DATA-DISK-v1";

    return memcmp(start, MARKER, sizeof(MARKER)) == 0;
}

static bool is_blank(const char *path, bool *blank)
{
    char start[DATA_MARKER_LENGTH];
    int file = open(path, O_RDONLY | O_CLOEXEC);

    if (file < 0)
        return false;
    ssize_t got = read(file, start, sizeof(start));
    close(file);
    *blank = got == (ssize_t)sizeof(start) && is_blank_marker(start);
    return got == (ssize_t)sizeof(start);
}

bool prepare_data_disk(struct data_disk *disk, char *failed)
{
    /* The host's new file is all holes behind the marker: tables and journal are zero already, nor does the kernel write them in the first minutes of the VM */
    const char *const format[] = {"/usr/sbin/mke2fs", "-q",       "-F", "-t", "ext4", "-L", DATA_SERIAL, "-m", "1", "-E", "assume_storage_prezeroed=1,nodiscard",
                                  disk->path,         NULL};
    const char *const check[] = {"/usr/sbin/e2fsck", "-p", disk->path, NULL};

    if (!is_blank(disk->path, &disk->formatting)) {
        snprintf(failed, FAILED_LIMIT, "%s cannot be read", disk->path);
        return false;
    }
    disk->worker = start_program(disk->formatting ? format : check);
    if (disk->worker < 0)
        snprintf(failed, FAILED_LIMIT, "fork: %s", strerror(errno));
    return disk->worker >= 0;
}

void start_data_sync(void)
{
    if (fork() != 0)
        return;
    int point = open(DATA_POINT, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    _exit(point >= 0 && syncfs(point) == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
}

pid_t start_data_trim(void)
{
    pid_t pid = fork();

    if (pid != 0)
        return pid;
    struct fstrim_range all = {.len = UINT64_MAX};
    int point = open(DATA_POINT, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    /* Only what is written down as free is given back. */
    _exit(point >= 0 && syncfs(point) == 0 && ioctl(point, FITRIM, &all) == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
}

static bool bind_directory(const char *name)
{
    char source[64], target[64];

    snprintf(source, sizeof(source), DATA_POINT "/%s", name);
    snprintf(target, sizeof(target), "/var/lib/%s", name);
    return make_directory(source, 0710) && mount(source, target, NULL, MS_BIND, NULL) == 0;
}

bool mount_data_disk(struct data_disk *disk, char *failed)
{
    int status = await_program(disk->worker);

    /* e2fsck(8): 1 = errors corrected */
    if (status != 0 && (disk->formatting || status != 1)) {
        snprintf(failed, FAILED_LIMIT, "%s of %s ended with status %d", disk->formatting ? "mke2fs" : "e2fsck -p", disk->path, status);
        return false;
    }
    /*
     * not nosuid: images hold setuid files, which containers in their user namespaces may use. No link is followed: the disk is a file of the developer's,
     * and one in the place of a directory would have bulkheadd keep its records where a container writes, or the engine its storage.
     */
    if (mount(disk->path, DATA_POINT, "ext4", MS_NODEV | MS_NOATIME | MS_NOSYMFOLLOW, "errors=remount-ro") != 0) {
        snprintf(failed, FAILED_LIMIT, "mount of %s: %s", disk->path, strerror(errno));
        return false;
    }
    /* At its old size it serves as before; what is amiss, if anything, the kernel's log says. */
    if (!grow_to_device(disk->path, DATA_POINT))
        log_line("growing %s: %s", disk->path, strerror(errno));
    if (!bind_directory("docker") || !bind_directory("containerd")) {
        snprintf(failed, FAILED_LIMIT, "bind from %s: %s", DATA_POINT, strerror(errno));
        return false;
    }
    return true;
}
