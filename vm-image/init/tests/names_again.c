/*
 * PID 1's supervision with a name server that ends: it is started again after a pause, and the reaper knows it from an orphan.
 * usage: names-again; as `names-again once` it is that name server, which says on standard output that it was started.
 */
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "log.h"
#include "supervise.h"

static void await_start(int output)
{
    struct pollfd wait = {.fd = output, .events = POLLIN};
    char byte;

    CHECK(poll(&wait, 1, 30000) == 1 && read(output, &byte, 1) == 1);
}

static int be_supervisor(int output)
{
    static const char *const ONCE[] = {"/proc/self/exe", "once", NULL};
    struct services services = {.control = -1, .names = ONCE};

    CHECK(dup2(output, STDOUT_FILENO) == STDOUT_FILENO);
    const int signals = open_signals();
    services_start_names(&services);
    return supervise(&services, signals) == STOP_SIGNALLED ? 0 : 1;
}

int main(int count, char **arguments)
{
    int output[2], status;

    if (count == 2 && strcmp(arguments[1], "once") == 0)
        return write(STDOUT_FILENO, "x", 1) == 1 ? 0 : 1;
    CHECK(pipe(output) == 0);
    const pid_t pid = fork();
    if (pid == 0)
        _exit(be_supervisor(output[1]));
    await_start(output[0]);
    const int64_t first = uptime_ms();
    await_start(output[0]);
    const int64_t second = uptime_ms();
    await_start(output[0]);
    CHECK(second - first >= 900 && uptime_ms() - second >= 1900);
    CHECK(kill(pid, SIGTERM) == 0 && waitpid(pid, &status, 0) == pid && status == 0);
    puts("ok names again");
    return 0;
}
