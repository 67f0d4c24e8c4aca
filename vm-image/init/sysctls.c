#include "sysctls.h"

#include <errno.h>
#include <string.h>

#include "files.h"
#include "log.h"

/* Documentation/admin-guide/sysctl and mm of Linux 7.2; `user.*` and what dockerd sets itself are left alone. */
static const char *const SETTINGS[][2] = {
    /* what a process that escaped its container could learn or load */
    {"/proc/sys/kernel/kptr_restrict", "2"},
    {"/proc/sys/kernel/dmesg_restrict", "1"},
    {"/proc/sys/kernel/unprivileged_bpf_disabled", "1"},
    {"/proc/sys/kernel/kexec_load_disabled", "1"},
    {"/proc/sys/kernel/sysrq", "0"},
    {"/proc/sys/kernel/perf_event_paranoid", "3"},
    {"/proc/sys/net/core/bpf_jit_harden", "1"},
    /* a program that the kernel would start, as root of the VM, when one crashes in a container: the kernel command line can name one */
    {"/proc/sys/kernel/core_pattern", "core"},
    /* links and files planted in world-writable directories */
    {"/proc/sys/fs/protected_symlinks", "1"},
    {"/proc/sys/fs/protected_hardlinks", "1"},
    {"/proc/sys/fs/protected_fifos", "1"},
    {"/proc/sys/fs/protected_regular", "2"},
    /* the engine's network */
    {"/proc/sys/net/ipv4/ip_forward", "1"},
    /* a port published at an address of the host's, which the VM does not have: dockerd binds it here before publish-port asks the host for it */
    {"/proc/sys/net/ipv4/ip_nonlocal_bind", "1"},
    {"/proc/sys/net/ipv6/ip_nonlocal_bind", "1"},
    /* Ports that dockerd chooses for `-p 80`, below those of hosts' own connections (from 32768 on Linux, 49152 elsewhere): one that such a connection has can't be
     * listened at for a minute after its end, which only the host sees, and dockerd chooses no other one when publish-port tells it. Containers have a range of their own. */
    {"/proc/sys/net/ipv4/ip_local_port_range", "20000 32767"},
    /* packets on their way between a bridge and a container: a thousand connections begun in one moment are more than the kernel's thousand, and what is lost comes again after seconds */
    {"/proc/sys/net/core/netdev_max_backlog", "8192"},
    /* limits that are counted for all containers together, at values that many containers can share */
    {"/proc/sys/fs/inotify/max_user_instances", "1048576"},
    {"/proc/sys/fs/inotify/max_user_watches", "1048576"},
    {"/proc/sys/fs/inotify/max_queued_events", "1048576"},
    {"/proc/sys/kernel/keys/maxkeys", "1000000"},
    {"/proc/sys/kernel/keys/maxbytes", "25000000"},
    {"/proc/sys/kernel/keys/root_maxkeys", "1000000"},
    {"/proc/sys/kernel/keys/root_maxbytes", "25000000"},
    {"/proc/sys/vm/max_map_count", "262144"},
    /*
     * What the kernel does although nothing happens; emulated it was most of the 6 % of a processor that a VM without containers took in its first minutes. It looks for
     * pages to make huge ones of every 10 s (a page fault makes one at once, as before), for free memory to move together every 0.5 s (who needs some has it
     * done at once), and at how memory is used, which nobody asks for here. Counters of memory that are kept for each processor are added up every 10 s and not every second.
     * The watchdog, a timer every 4 s on each processor, would print a line when one does nothing else for 20 s, which under emulation is no sign of a fault; the host has its own way to notice (pings).
     */
    {"/proc/sys/vm/stat_interval", "10"},
    {"/proc/sys/kernel/watchdog", "0"},
    {"/sys/kernel/mm/transparent_hugepage/khugepaged/scan_sleep_millisecs", "300000"},
    {"/proc/sys/vm/compaction_proactiveness", "0"},
    {"/sys/module/damon_stat/parameters/enabled", "N"},
    /* Seconds after which names of shared files that have expired are forgotten. The host's server holds a descriptor for each, and would run out of them long before this
     * kernel runs out of memory. On the kernel's command line it has no effect (7.2). */
    {"/sys/module/fuse/parameters/inval_wq", "5"},
};

void set_sysctls(void)
{
    for (size_t i = 0; i < sizeof(SETTINGS) / sizeof(SETTINGS[0]); i++)
        if (!write_attribute(SETTINGS[i][0], SETTINGS[i][1]))
            log_line("%s: %s", SETTINGS[i][0], strerror(errno));
}

bool close_module_loading(void)
{
    return write_attribute("/proc/sys/kernel/modprobe", "\n") && write_attribute("/proc/sys/kernel/modules_disabled", "1");
}
