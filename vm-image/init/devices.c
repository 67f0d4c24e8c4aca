#include "devices.h"

#include <dirent.h>
#include <errno.h>
#include <linux/netlink.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "files.h"
#include "log.h"

/* Finds the entry of `directory` whose file `attribute` reads `key`. */
static bool find_by_attribute(const char *directory, const char *prefix, const char *attribute, const char *key, char *path)
{
    DIR *entries = opendir(directory);
    bool found = false;

    if (entries == NULL)
        return false;
    for (struct dirent *entry; !found && (entry = readdir(entries)) != NULL;) {
        char file[320];
        char value[128];
        if (strncmp(entry->d_name, prefix, strlen(prefix)) != 0)
            continue;
        snprintf(file, sizeof(file), "%s/%s/%s", directory, entry->d_name, attribute);
        if (read_attribute(file, value, sizeof(value)) >= 0 && strcmp(value, key) == 0)
            found = snprintf(path, DEVICE_PATH_LIMIT, "/dev/%s", entry->d_name) < DEVICE_PATH_LIMIT;
    }
    closedir(entries);
    return found;
}

bool find_disk(const char *key, char *path)
{
    return find_by_attribute("/sys/block", "vd", "serial", key, path);
}

bool find_port(const char *key, char *path)
{
    return find_by_attribute("/sys/class/virtio-ports", "vport", "name", key, path);
}

bool find_share(const char *key, char *path)
{
    return find_by_attribute("/sys/fs/virtiofs", "", "tag", key, path);
}

int open_device_events(void)
{
    struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = 1};
    int events = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT);

    if (events >= 0 && bind(events, (struct sockaddr *)&address, sizeof(address)) != 0) {
        close(events);
        return -1;
    }
    return events;
}

/* The content does not matter, nor that events were lost (ENOBUFS): each wake-up only leads to another look. */
static void discard_events(int events)
{
    char event[4096];

    while (recv(events, event, sizeof(event), 0) >= 0 || errno == EINTR || errno == ENOBUFS)
        continue;
}

bool await_device(int events, find_device *find, const char *key, int64_t deadline, char *path)
{
    for (;;) {
        struct pollfd wait = {.fd = events, .events = POLLIN};
        int64_t left = deadline - uptime_ms();
        if (find(key, path))
            return true;
        if (left <= 0)
            return false;
        if (poll(&wait, 1, (int)left) > 0)
            discard_events(events);
    }
}
