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

/* bulkheadd's own deadlines are 8.5 s together. */
#define ORDERLY_STOP_MS 9000

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
        if (pid == services->trimmer) {
            services->trimmer = 0;
            control_report_trim(services, status);
            continue;
        }
        if (pid == services->name_server) {
            services_names_ended(services);
            continue;
        }
        if (pid == services->relay_pid) {
            services_relay_ended(services);
            continue;
        }
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

/* -1, for poll(2), when there is none. 0 in `dues` = none. */
static int milliseconds_until(const int64_t *dues, size_t count)
{
    int64_t first = 0;

    for (size_t i = 0; i < count; i++)
        if (dues[i] != 0 && (first == 0 || dues[i] < first))
            first = dues[i];
    const int64_t left = first - uptime_ms();
    if (first == 0)
        return -1;
    return left > 0 ? (int)left : 0;
}

static bool is_due(const struct restart *restart)
{
    return restart->due != 0 && uptime_ms() >= restart->due;
}

static void start_daemon_again(struct services *services, struct line_buffer *input)
{
    memset(input, 0, sizeof(*input));
    if (!services_start(services, DAEMON)) {
        log_line("start of bulkheadd: %s", strerror(errno));
        services_daemon_ended(services);
    }
}

/*
 * bulkheadd has dockerd stop the containers, which knows how each wants to be stopped and keeps what became of it. True when there is
 * no bulkheadd to do that. More signals, as of a terminal's whole group, change nothing.
 */
static bool stop_at_once(const struct services *services, int64_t *stop_due)
{
    if (services->pids[DAEMON] == 0)
        return true;
    if (*stop_due != 0)
        return false;
    *stop_due = uptime_ms() + ORDERLY_STOP_MS;
    return kill(services->pids[DAEMON], SIGTERM) != 0;
}

enum stop_reason supervise(struct services *services, int signals)
{
    struct line_buffer input = {0};
    int64_t stop_due = 0; /* uptime_ms; 0 = nobody asked to stop */

    for (;;) {
        struct pollfd wait[] = {{.fd = signals, .events = POLLIN}, {.fd = services->control, .events = POLLIN}};
        const int64_t dues[] = {services->daemon.due, services->names_restart.due, services->relay_restart.due, stop_due};
        if (poll(wait, 2, milliseconds_until(dues, sizeof(dues) / sizeof(dues[0]))) < 0 && errno != EINTR) {
            log_line("poll: %s", strerror(errno));
            return STOP_SIGNALLED;
        }
        /* requests before signals: what bulkheadd asked before it died still counts */
        if (wait[1].revents != 0 && control_serve(services, &input))
            return STOP_REQUESTED;
        if (wait[0].revents != 0 && take_signals(services, signals) && stop_at_once(services, &stop_due))
            return STOP_SIGNALLED;
        if (stop_due != 0 && (services->pids[DAEMON] == 0 || uptime_ms() >= stop_due))
            return STOP_SIGNALLED;
        if (is_due(&services->daemon))
            start_daemon_again(services, &input);
        if (is_due(&services->names_restart))
            services_start_names(services);
        if (is_due(&services->relay_restart))
            services_start_relay(services);
    }
}
