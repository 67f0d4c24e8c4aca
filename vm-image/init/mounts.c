#include "mounts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"
#include "log.h"

#define CGROUPS "/sys/fs/cgroup"

struct volatile_mount {
    const char *point;
    const char *type;
    unsigned long flags;
    const char *data;
    bool kernel; /* native mode: somebody else's business */
    bool make;   /* the directory is on a file system made above */
};

/* In this order. Nothing writable in the VM may be executed from, be it only by mistake, except images on the data disk. */
static const struct volatile_mount MOUNTS[] = {
    {"/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL, true, false},
    {"/sys", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL, true, false},
    {"/dev", "devtmpfs", MS_NOSUID | MS_NOEXEC, "mode=0755", true, false},
    {"/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "gid=5,mode=0620,ptmxmode=0666", true, true},
    {"/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=1777", true, true},
    {"/dev/mqueue", "mqueue", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL, true, true},
    {CGROUPS, "cgroup2", MS_NOSUID | MS_NODEV | MS_NOEXEC, "nsdelegate,memory_recursiveprot", true, false},
    {"/run", "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0755,size=25%", false, false},
    {"/tmp", "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=1777,size=25%", false, false},
    {"/var/log", "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0755,size=10%", false, false},
};

/* A directory on another device than its parent is a mount point; binds within one file system do not occur here. */
static bool is_mount_point(const char *path)
{
    char parent[64];
    struct stat own, above;

    snprintf(parent, sizeof(parent), "%s/..", path);
    return stat(path, &own) == 0 && stat(parent, &above) == 0 && own.st_dev != above.st_dev;
}

static void enable_controllers(void)
{
    char names[512];
    char *rest = NULL;

    if (read_attribute(CGROUPS "/cgroup.controllers", names, sizeof(names)) < 0)
        return;
    /* one at a time: a controller that cannot be enabled must not keep the others off */
    for (char *name = strtok_r(names, " ", &rest); name != NULL; name = strtok_r(NULL, " ", &rest)) {
        char word[64];
        snprintf(word, sizeof(word), "+%s", name);
        if (!write_attribute(CGROUPS "/cgroup.subtree_control", word))
            log_line("cgroup controller %s: %s", name, strerror(errno));
    }
}

/*
 * PID 1 and with it every service leaves the root cgroup, which has no limits to read: from there dockerd sees no memory.swap.max and
 * would tell every user that swap cannot be limited. The engine's containers have cgroups of their own beside this one.
 */
static void enter_own_cgroup(void)
{
    if (!make_directory(CGROUPS "/bulkhead", 0755) || !write_attribute(CGROUPS "/bulkhead/cgroup.procs", "0"))
        log_line("cgroup: %s", strerror(errno));
}

static void limit_cgroup(const char *name, long most)
{
    const bool v1 = access(CGROUPS "/pids", F_OK) == 0;
    char directory[64], path[80], text[32];

    snprintf(directory, sizeof(directory), "%s/%s", v1 ? CGROUPS "/pids" : CGROUPS, name);
    snprintf(path, sizeof(path), "%s/pids.max", directory);
    snprintf(text, sizeof(text), "%ld", most);
    if (!make_directory(directory, 0755) || !write_attribute(path, text))
        log_line("pids limit of %s: %s", name, strerror(errno));
}

/*
 * Containers together get three quarters of the process ids. Without a limit above them one container could take all, and then
 * neither the engine nor bulkheadd could start anything; a limit in each container's own cgroup is the user's to change. What their published
 * ports take is in none of theirs (src/daemon/publish-port/limit.h).
 */
static void limit_processes(void)
{
    char text[32];

    if (read_attribute("/proc/sys/kernel/pid_max", text, sizeof(text)) < 0)
        return;
    /* A pid namespace of Linux 6.14 and later says 4194304, whatever the namespace above allows; 32768 is the least there is. */
    const long ids = strtol(text, NULL, 10);
    const long known = ids < 32768 ? ids : 32768;
    limit_cgroup("docker", known / 4 * 3);
    limit_cgroup("bulkhead-ports", known / 32);
    limit_cgroup("bulkhead-proxies", known / 16);
}

static void link_standard_streams(void)
{
    static const char *const LINKS[][2] = {
        {"/proc/self/fd", "/dev/fd"}, {"/proc/self/fd/0", "/dev/stdin"}, {"/proc/self/fd/1", "/dev/stdout"}, {"/proc/self/fd/2", "/dev/stderr"}};

    for (size_t i = 0; i < sizeof(LINKS) / sizeof(LINKS[0]); i++)
        if (symlink(LINKS[i][0], LINKS[i][1]) != 0 && errno != EEXIST)
            log_line("link %s: %s", LINKS[i][1], strerror(errno));
}

bool mount_volatile(bool native, const char **failed)
{
    for (size_t i = 0; i < sizeof(MOUNTS) / sizeof(MOUNTS[0]); i++) {
        const struct volatile_mount *entry = &MOUNTS[i];
        if ((native && entry->kernel) || is_mount_point(entry->point))
            continue;
        *failed = entry->point;
        if ((entry->make && !make_directory(entry->point, 0755)) || mount(entry->type, entry->point, entry->type, entry->flags, entry->data) != 0)
            return false;
    }
    if (!native) {
        enable_controllers();
        enter_own_cgroup();
        link_standard_streams();
    }
    limit_processes();
    return true;
}

bool make_run_tree(void)
{
    static const struct {
        const char *path;
        mode_t mode;
    } TREE[] = {
        {"/run/bulkhead", 0711},       {"/run/bulkhead/engine", 0700}, {"/run/bulkhead/rootfs", 0711},
        {"/run/bulkhead/stage", 0711}, {"/run/bulkhead/ids", 0700},    {"/run/bulkhead/etc", 0755},
        {"/run/docker", 0711},         {"/run/docker/tmp", 0700},      {"/run/containerd", 0711},         {"/run/runc", 0711},
    };

    for (size_t i = 0; i < sizeof(TREE) / sizeof(TREE[0]); i++)
        if (!make_directory(TREE[i].path, TREE[i].mode))
            return false;
    return true;
}
