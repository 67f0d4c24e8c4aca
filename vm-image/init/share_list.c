#include "share_list.h"

#include <string.h>

/* With what is below them. */
static const char *const OWN[] = {"/bin", "/boot", "/dev", "/etc", "/lib", "/lib32", "/lib64", "/libx32", "/proc", "/run", "/sbin", "/sys", "/usr", "/var/cache",
                                  "/var/lib/bulkhead-data", "/var/lib/containerd", "/var/lib/docker", "/var/lock", "/var/log", "/var/run"};
/* A share may lie in these, and cover none. */
static const char *const HOLDING[] = {"/root", "/tmp", "/var", "/var/lib", "/var/tmp"};

static bool is_holding(const char *path)
{
    for (size_t i = 0; i < sizeof(HOLDING) / sizeof(HOLDING[0]); i++)
        if (strcmp(path, HOLDING[i]) == 0)
            return true;
    return false;
}

bool is_own_place(const char *path)
{
    for (size_t i = 0; i < sizeof(OWN) / sizeof(OWN[0]); i++)
        if (is_below(path, OWN[i]))
            return true;
    /* the engine reads its settings from its home */
    return is_holding(path) || strncmp(path, "/root/.", 7) == 0;
}

bool may_hold_shares(const char *path)
{
    return is_holding(path) || !is_own_place(path);
}

bool is_fit_mount(const struct share *share, const struct mount_entry *mount)
{
    return strcmp(mount->type, "virtiofs") == 0 && has_option(mount->options, "nosuid") && has_option(mount->options, "nodev") &&
           has_option(mount->options, "nosymfollow") && has_option(mount->options, "ro") == share->read_only;
}

bool is_plain_path(const char *path)
{
    if (path[0] != '/' || path[1] == '\0' || strlen(path) > SHARE_PATH_LIMIT)
        return false;
    for (const char *part = path; part != NULL; part = strchr(part + 1, '/')) {
        const char *name = part + 1;
        const size_t length = strcspn(name, "/");
        if (length == 0 || (length <= 2 && strncmp(name, "..", length) == 0))
            return false;
    }
    return true;
}

/* The end of the string that begins at `at`, or NULL when it has none before `end`. */
static const char *end_of(const char *at, const char *end)
{
    return memchr(at, '\0', (size_t)(end - at));
}

int parse_share_list(const char *text, size_t size, struct share shares[MAX_SHARES])
{
    const char *const end = text + size;
    const char *at = text;
    unsigned int devices = 0;
    int count = 0;

    while (at < end) {
        const char *const mode = at;
        const char *const path = end_of(at, end) == NULL ? NULL : end_of(at, end) + 1;
        const char *const after = path == NULL || path >= end ? NULL : end_of(path, end);
        if (count == MAX_SHARES || after == NULL || !is_plain_path(path))
            return -1;
        struct share *share = &shares[count];
        *share = (struct share){.path = path, .read_only = mode[0] == 'r' && mode[1] == 'o', .again = strlen(mode) == 3};
        if ((!share->read_only && strncmp(mode, "rw", 2) != 0) || strcmp(mode + 2, share->again ? "+" : "") != 0)
            return -1;
        if (share->again && (count == 0 || shares[count - 1].read_only != share->read_only))
            return -1;
        share->device = share->again ? shares[count - 1].device : devices++;
        count++;
        at = after + 1;
    }
    return count;
}
