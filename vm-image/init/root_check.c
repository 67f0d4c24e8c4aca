#include "root_check.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "dm.h"
#include "mountinfo.h"
#include "verity_params.h"

#define DETAIL_LIMIT 160

/* The last mount at `/` is the visible one. */
static bool find_root_mount(dev_t *device, bool *read_only, char *type, size_t type_size)
{
    char line[4096];
    struct mount_entry entry;
    bool found = false;
    FILE *mounts = fopen("/proc/self/mountinfo", "re");

    if (mounts == NULL)
        return false;
    while (fgets(line, sizeof(line), mounts) != NULL) {
        if (!parse_mount_line(line, &entry) || strcmp(entry.point, "/") != 0)
            continue;
        found = true;
        *device = makedev(entry.major, entry.minor);
        *read_only = has_option(entry.options, "ro") && has_option(entry.super_options, "ro");
        snprintf(type, type_size, "%s", entry.type);
    }
    fclose(mounts);
    return found;
}

bool root_is_verified(const char *cmdline, char *detail)
{
    struct verity_params params;
    char type[16], parameters[DM_TABLE_TEXT_LIMIT], status[DM_TABLE_TEXT_LIMIT], file_system[32];
    dev_t device;
    bool read_only;

    if (!verity_params_of_cmdline(cmdline, &params))
        snprintf(detail, DETAIL_LIMIT, "the kernel command line has no well-formed " VERITY_KEY);
    else if (!find_root_mount(&device, &read_only, file_system, sizeof(file_system)))
        snprintf(detail, DETAIL_LIMIT, "/ is not in the mount table");
    else if (!read_only)
        snprintf(detail, DETAIL_LIMIT, "/ (%s) is mounted writable", file_system);
    else if (!read_dm_target(device, type, parameters, status))
        snprintf(detail, DETAIL_LIMIT, "/ (%s, device %u:%u) is not on one device-mapper target: %s", file_system, major(device), minor(device),
                 strerror(errno));
    else if (strcmp(type, "verity") != 0)
        snprintf(detail, DETAIL_LIMIT, "/ is on a device-mapper target of type %s, not verity", type);
    else if (!verity_table_matches(parameters, &params))
        snprintf(detail, DETAIL_LIMIT, "the verity table of / differs from the kernel command line");
    else if (status[0] != 'V')
        snprintf(detail, DETAIL_LIMIT, "the verity device of / has seen corruption");
    else
        return true;
    return false;
}
