#include "thaw.h"

#include <dirent.h>
#include <unistd.h>

#include "files.h"

/* The engine's own cgroup, the topmost there is here: nobody but us can freeze it, and what is moved to it is thawed (freezer_attach(), Linux 6.18). */
#define MEMBERS "/sys/fs/cgroup/freezer/cgroup.procs"

void thaw_processes(void)
{
    DIR *processes = access(MEMBERS, W_OK) == 0 ? opendir("/proc") : NULL;
    const struct dirent *entry;

    while (processes != NULL && (entry = readdir(processes)) != NULL)
        if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9')
            write_attribute(MEMBERS, entry->d_name); /* one that has ended needs it no more */
    if (processes != NULL)
        closedir(processes);
}
