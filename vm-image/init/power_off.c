#include "power_off.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "fuse_abort.h"
#include "log.h"
#include "thaw.h"
#include "unmount.h"

#define TERM_MS 2000
#define KILL_MS 1000
#define GUARD_MS 10000 /* the host waits 30 s for a VM that has said powering-off (src/vm/machine.ts) */

/* Reaps until no child is left or `milliseconds` are over. SIGCHLD is blocked, so sigtimedwait(2) gets it. */
static bool reap_all(int64_t milliseconds)
{
    int64_t deadline = uptime_ms() + milliseconds;
    sigset_t child;

    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    for (;;) {
        pid_t pid;
        while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
            continue;
        int64_t left = deadline - uptime_ms();
        if (pid < 0 && errno == ECHILD)
            return true;
        if (left <= 0)
            return false;
        struct timespec wait = {.tv_sec = left / 1000, .tv_nsec = (left % 1000) * 1000000};
        sigtimedwait(&child, NULL, &wait);
    }
}

void end_processes(void)
{
    sigset_t child;

    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child, NULL);
    kill(-1, SIGTERM);
    kill(-1, SIGCONT); /* a stopped process would not see it */
    if (reap_all(TERM_MS))
        return;
    kill(-1, SIGKILL);
    thaw_processes();
    if (reap_all(KILL_MS))
        return;
    /* In native mode the pid namespace would never end, and PID 1 with it. */
    abort_fuse_connections();
    if (!reap_all(KILL_MS))
        log_line("some processes cannot be killed");
}

/* A hanging unmount or sync cannot be interrupted, but another process can still switch the machine off. */
static void start_guard(void)
{
    if (fork() == 0) {
        poll(NULL, 0, GUARD_MS);
        log_line("the data disk does not answer; powering off without it");
        reboot(RB_POWER_OFF);
        _exit(1);
    }
}

_Noreturn void power_off(void)
{
    start_guard();
    unmount_data();
    sync();
    reboot(RB_POWER_OFF);
    abort();
}
