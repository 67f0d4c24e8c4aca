#include "supervise.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "control.h"
#include "log.h"

int open_signals(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigprocmask(SIG_BLOCK, &set, NULL);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void reap(struct services *services)
{
    int status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        enum service_index index = service_by_pid(services, pid);
        if (index == SERVICE_COUNT)
            continue; /* an orphan */
        services->pids[index] = 0;
        if (index == DAEMON) {
            services_daemon_ended(services);
        } else {
            log_line("%s (%d) ended with wait status %d", SERVICES[index].name, (int)pid, status);
            control_report_exit(services, index, pid, status);
        }
    }
}

/* True when one of them asks to stop. */
static bool take_signals(struct services *services, int signals)
{
    struct signalfd_siginfo info;
    bool stop = false;

    while (read(signals, &info, sizeof(info)) == (ssize_t)sizeof(info))
        stop = stop || info.ssi_signo != SIGCHLD;
    reap(services);
    return stop;
}

static int milliseconds_until(int64_t due)
{
    int64_t left = due - uptime_ms();

    if (due == 0)
        return -1;
    return left > 0 ? (int)left : 0;
}

enum stop_reason supervise(struct services *services, int signals)
{
    struct line_buffer input = {0};

    for (;;) {
        struct pollfd wait[] = {{.fd = signals, .events = POLLIN}, {.fd = services->control, .events = POLLIN}};
        if (poll(wait, 2, milliseconds_until(services->daemon_due)) < 0 && errno != EINTR) {
            log_line("poll: %s", strerror(errno));
            return STOP_SIGNALLED;
        }
        /* requests before signals: what bulkheadd asked before it died still counts */
        if (wait[1].revents != 0 && control_serve(services, &input))
            return STOP_REQUESTED;
        if (wait[0].revents != 0 && take_signals(services, signals))
            return STOP_SIGNALLED;
        if (services->daemon_due != 0 && uptime_ms() >= services->daemon_due) {
            memset(&input, 0, sizeof(input));
            services->daemon_due = 0;
            if (!services_start(services, DAEMON)) {
                log_line("start of bulkheadd: %s", strerror(errno));
                services_daemon_ended(services);
            }
        }
    }
}
