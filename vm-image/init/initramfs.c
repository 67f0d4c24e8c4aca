/*
 * /init of the initramfs: the part of the boot that decides what the root is. It knows one way to go on, a root verified against the
 * digest on the command line; every other way ends in a power-off. There is no fallback to an unverified root and no shell.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <unistd.h>

#include "devices.h"
#include "dm.h"
#include "files.h"
#include "log.h"
#include "modules.h"
#include "phase.h"
#include "switch_root.h"
#include "verity_params.h"

#define MODULE_LIST "/modules/boot.list"
#define NEXT_INIT "/usr/lib/bulkhead/init"
#define ROOT "/root"
#define DEVICE_DEADLINE_MS 10000

static _Noreturn void refuse(const char *code, const char *detail)
{
    phase_failure(code, detail);
    sync();
    reboot(RB_POWER_OFF);
    abort(); /* the kernel panics when PID 1 ends: still no way on */
}

static void mount_kernel_file_systems(void)
{
    if (!make_directory("/proc", 0555) || !make_directory("/sys", 0555) || !make_directory("/dev", 0755) || !make_directory(ROOT, 0755) ||
        mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) != 0 ||
        mount("sysfs", "/sys", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) != 0 ||
        mount("devtmpfs", "/dev", "devtmpfs", MS_NOSUID | MS_NOEXEC, "mode=0755") != 0)
        refuse("root-not-verified", "the kernel's own file systems cannot be mounted");
}

static void open_phase_port(int events, int64_t deadline)
{
    char path[DEVICE_PATH_LIMIT];

    /* without the port the boot goes on: the host's readiness deadline reports it */
    if (await_device(events, find_port, PHASE_PORT, deadline, path))
        phase_open(open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
    else
        log_line("no virtio-serial port %s", PHASE_PORT);
}

static void find_or_refuse(int events, const char *serial, int64_t deadline, char *path)
{
    char detail[96];

    if (await_device(events, find_disk, serial, deadline, path))
        return;
    snprintf(detail, sizeof(detail), "no virtio disk with serial %s", serial);
    refuse("verity-failed", detail);
}

static void mount_verified_root(const struct verity_params *params, int events, int64_t deadline)
{
    char data[DEVICE_PATH_LIMIT], hash[DEVICE_PATH_LIMIT], device[32], detail[128];

    find_or_refuse(events, "bulkhead-root", deadline, data);
    find_or_refuse(events, "bulkhead-hash", deadline, hash);
    if (!create_verity(params, data, hash, device, detail))
        refuse("verity-failed", detail);
    /* The mount reads the superblock and the root directory, hence the hash tree down from its root: a wrong root hash panics here. */
    if (mount(device, ROOT, "erofs", MS_RDONLY | MS_NOSUID | MS_NODEV, NULL) != 0) {
        snprintf(detail, sizeof(detail), "mount of %s: %s", device, strerror(errno));
        refuse("verity-failed", detail);
    }
}

int main(void)
{
    char cmdline[4096];
    char detail[640];
    struct verity_params params;
    char *const arguments[] = {(char *)(uintptr_t)NEXT_INIT, NULL};
    char *const environment[] = {NULL};
    int64_t deadline = uptime_ms() + DEVICE_DEADLINE_MS;

    mount_kernel_file_systems();
    log_to_kernel();
    int events = open_device_events();
    open_phase_port(events, deadline);
    phase_report("kernel");

    if (read_file("/proc/cmdline", cmdline, sizeof(cmdline)) < 0 || !verity_params_of_cmdline(cmdline, &params))
        refuse("verity-parameters-missing", "the kernel command line has no well-formed " VERITY_KEY);
    if (!load_modules(MODULE_LIST, detail, sizeof(detail)))
        refuse("module-failed", detail);
    mount_verified_root(&params, events, deadline);
    phase_report("root-verified");

    if (!switch_root(ROOT))
        refuse("root-not-verified", "the verified root cannot become the root");
    execve(NEXT_INIT, arguments, environment);
    refuse("root-not-verified", NEXT_INIT " cannot be executed");
}
