#include "control.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "data_disk.h"
#include "log.h"
#include "unmount.h"

static void drop_daemon(struct services *services, const char *reason)
{
    log_line("control socket: %s", reason);
    close(services->control);
    services->control = -1;
    if (services->pids[DAEMON] != 0)
        kill(services->pids[DAEMON], SIGKILL);
}

__attribute__((format(printf, 2, 3))) static void send_line(struct services *services, const char *format, ...)
{
    char line[PROTOCOL_LINE_LIMIT + 64];
    va_list arguments;

    if (services->control < 0)
        return;
    va_start(arguments, format);
    int length = vsnprintf(line, sizeof(line) - 1, format, arguments);
    va_end(arguments);
    if (length < 0 || (size_t)length >= sizeof(line) - 1)
        return;
    line[length++] = '\n';
    /* a part of a line would garble the next: as bad as none */
    if (send(services->control, line, (size_t)length, MSG_NOSIGNAL) != length)
        drop_daemon(services, "answer not taken");
}

static void report_state(struct services *services, enum service_index index)
{
    if (services->pids[index] != 0)
        send_line(services, "running %s %d", SERVICES[index].name, (int)services->pids[index]);
    else
        send_line(services, "stopped %s", SERVICES[index].name);
}

static void start_service(struct services *services, enum service_index index)
{
    if (services_start(services, index))
        report_state(services, index);
    else
        send_line(services, "error start %s: %s", SERVICES[index].name, strerror(errno));
}

static void signal_service(struct services *services, enum service_index index, int number)
{
    if (services->pids[index] == 0)
        send_line(services, "error signal %s: not running", SERVICES[index].name);
    else if (kill(services->pids[index], number) != 0)
        send_line(services, "error signal %s: %s", SERVICES[index].name, strerror(errno));
}

/* One at a time: what another would find to give back, the first has given back. */
static bool trim_start(struct services *services)
{
    if (services->trimmer != 0) {
        errno = EALREADY;
        return false;
    }
    pid_t pid = start_data_trim();
    services->trimmer = pid > 0 ? pid : 0;
    return pid > 0;
}

/* True for power-off. */
static bool obey(struct services *services, const char *line)
{
    struct request request;

    if (!parse_request(line, &request)) {
        send_line(services, "error not a request");
        return false;
    }
    if (request.verb == VERB_POWER_OFF)
        return true;
    if (request.verb == VERB_LIST) {
        for (enum service_index i = 0; i < DAEMON; i++)
            report_state(services, i);
        return false;
    }
    if (request.verb == VERB_SYNC) {
        start_data_sync();
        return false;
    }
    if (request.verb == VERB_TRIM) {
        if (!trim_start(services))
            send_line(services, "error trim: %s", strerror(errno));
        return false;
    }
    if (request.verb == VERB_UNMOUNT_STEP) {
        if (!unmount_step(request.name))
            send_line(services, "error unmount-step %s: %s", request.name, strerror(errno));
        return false;
    }
    enum service_index index = service_by_name(request.name);
    if (index == SERVICE_COUNT)
        send_line(services, "error no service %s", request.name);
    else if (request.verb == VERB_START)
        start_service(services, index);
    else
        signal_service(services, index, request.signal);
    return false;
}

bool control_serve(struct services *services, struct line_buffer *input)
{
    char bytes[1024];
    ssize_t got = recv(services->control, bytes, sizeof(bytes), 0);

    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    if (got <= 0) {
        drop_daemon(services, "closed by bulkheadd");
        return false;
    }
    for (ssize_t i = 0; i < got && services->control >= 0; i++) {
        enum line_result result = line_add(input, bytes[i]);
        if (result == LINE_OVERLONG)
            send_line(services, "error line too long");
        if (result == LINE_READY && obey(services, input->bytes))
            return true;
    }
    return false;
}

void control_report_trim(struct services *services, int status)
{
    send_line(services, WIFEXITED(status) && WEXITSTATUS(status) == 0 ? "trimmed" : "trim-failed");
}

void control_report_exit(struct services *services, enum service_index index, pid_t pid, int status)
{
    if (WIFSIGNALED(status))
        send_line(services, "exited %s %d signal %d", SERVICES[index].name, (int)pid, WTERMSIG(status));
    else
        send_line(services, "exited %s %d code %d", SERVICES[index].name, (int)pid, WEXITSTATUS(status));
}
