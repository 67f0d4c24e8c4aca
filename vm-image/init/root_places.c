#include "root_places.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "files.h"

#define NEW_ROOT "/mnt" /* empty in the image */
#define PATH_LIMIT 4096
#define OF_NEW_ROOT (MS_NOSUID | MS_NODEV | MS_NOEXEC)

/* What mounts.c and the initramfs have mounted; what is mounted in these goes along. */
static const char *const MOVED[] = {"/proc", "/sys", "/dev", "/run", "/tmp", "/var/log"};

/* Those that come while the VM runs as well. /tmp is a tmpfs anyway, and gets its directories there. */
static bool is_made_anew(const char *path)
{
    return strcmp(path, "/tmp") != 0 && may_hold_shares(path);
}

static bool copy_link(const char *from, const char *to)
{
    char target[1024];
    const ssize_t length = readlink(from, target, sizeof(target));

    if (length < 0 || (size_t)length >= sizeof(target))
        return false;
    target[length] = '\0';
    return symlink(target, to) == 0;
}

static bool mirror(const char *directory);

/* `path`: of the root; it appears under the same name in the new one. */
static bool mirror_entry(const char *path, mode_t mode)
{
    char copy[PATH_LIMIT];

    if ((size_t)snprintf(copy, sizeof(copy), NEW_ROOT "%s", path) >= sizeof(copy)) {
        errno = ENAMETOOLONG;
        return false;
    }
    if (S_ISLNK(mode))
        return copy_link(path, copy);
    if (!S_ISDIR(mode))
        return create_file(copy, "", 0600) && mount(path, copy, NULL, MS_BIND, NULL) == 0;
    if (!make_directory(copy, mode & 07777))
        return false;
    if (strcmp(path, NEW_ROOT) == 0)
        return true;
    return is_made_anew(path) ? mirror(path) : mount(path, copy, NULL, MS_BIND, NULL) == 0;
}

/* `directory` is empty for the root itself. */
static bool mirror(const char *directory)
{
    DIR *const entries = opendir(directory[0] == '\0' ? "/" : directory);
    bool done = entries != NULL;

    for (const struct dirent *entry; done && (entry = readdir(entries)) != NULL;) {
        char path[PATH_LIMIT];
        struct stat status;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        done = (size_t)snprintf(path, sizeof(path), "%s/%s", directory, entry->d_name) < sizeof(path) &&
               fstatat(dirfd(entries), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 && mirror_entry(path, status.st_mode);
    }
    if (entries != NULL)
        closedir(entries);
    return done;
}

/* No link is followed on the way: the names are the host's, the root's links are not. */
static bool make_path(const char *path)
{
    char names[PATH_LIMIT], *rest = NULL;
    int directory = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

    snprintf(names, sizeof(names), "%s", path);
    for (char *name = strtok_r(names, "/", &rest); name != NULL && directory >= 0; name = strtok_r(NULL, "/", &rest)) {
        int next = -1;
        if (mkdirat(directory, name, 0755) == 0 || errno == EEXIST)
            next = openat(directory, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        close(directory);
        directory = next;
    }
    if (directory < 0)
        return false;
    close(directory);
    return true;
}

/* The old root stays mounted by its directories alone. */
static bool change_root(const char **failed)
{
    for (size_t i = 0; i < sizeof(MOVED) / sizeof(MOVED[0]); i++) {
        char target[64];
        *failed = MOVED[i];
        snprintf(target, sizeof(target), NEW_ROOT "%s", MOVED[i]);
        if (mount(MOVED[i], target, NULL, MS_MOVE, NULL) != 0)
            return false;
    }
    *failed = "/";
    return chdir(NEW_ROOT) == 0 && syscall(SYS_pivot_root, ".", ".") == 0 && umount2(".", MNT_DETACH) == 0 && chdir("/") == 0;
}

bool make_root_places(const struct share *shares, size_t count, const char **failed)
{
    *failed = NEW_ROOT;
    if (mount(ROOT_SOURCE, NEW_ROOT, "tmpfs", OF_NEW_ROOT, "mode=0755,size=4m") != 0 || !mirror("") || !change_root(failed))
        return false;
    for (size_t i = 0; i < count; i++) {
        *failed = shares[i].path;
        if (!make_path(shares[i].path))
            return false;
    }
    *failed = "/";
    return mount(NULL, "/", NULL, MS_REMOUNT | MS_RDONLY | OF_NEW_ROOT, NULL) == 0;
}

bool add_root_place(const char *path)
{
    if (mount(NULL, "/", NULL, MS_REMOUNT | OF_NEW_ROOT, NULL) != 0)
        return false;
    const bool made = make_path(path);
    const int error = errno;
    const bool closed = mount(NULL, "/", NULL, MS_REMOUNT | MS_RDONLY | OF_NEW_ROOT, NULL) == 0;
    if (closed)
        errno = error;
    return made && closed;
}
