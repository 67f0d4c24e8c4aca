#include "switch_root.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

/* Deletes everything below `directory` that is on `device`. Takes the descriptor over. Whatever cannot be deleted only costs memory. */
static void delete_below(int directory, dev_t device)
{
    DIR *entries = fdopendir(directory);

    if (entries == NULL) {
        close(directory);
        return;
    }
    for (struct dirent *entry; (entry = readdir(entries)) != NULL;) {
        struct stat status;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
            fstatat(directory, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0 || status.st_dev != device)
            continue;
        if (S_ISDIR(status.st_mode)) {
            int below = openat(directory, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
            if (below >= 0)
                delete_below(below, device);
            unlinkat(directory, entry->d_name, AT_REMOVEDIR);
        } else {
            unlinkat(directory, entry->d_name, 0);
        }
    }
    closedir(entries);
}

bool switch_root(const char *root)
{
    static const char *const KEPT[] = {"/proc", "/sys", "/dev"};
    struct stat status;
    int old = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (old < 0 || fstat(old, &status) != 0)
        return false;
    for (size_t i = 0; i < sizeof(KEPT) / sizeof(KEPT[0]); i++) {
        char target[64];
        snprintf(target, sizeof(target), "%s%s", root, KEPT[i]);
        if (mount(KEPT[i], target, NULL, MS_MOVE, NULL) != 0)
            return false;
    }
    delete_below(old, status.st_dev);
    return chdir(root) == 0 && mount(".", "/", NULL, MS_MOVE, NULL) == 0 && chroot(".") == 0 && chdir("/") == 0;
}
