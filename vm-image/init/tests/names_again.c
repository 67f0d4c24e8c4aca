/*
 * PID 1's supervision with a name server that ends, and with a relay of the way out: it is started again after a pause, and the reaper knows it from an orphan.
 * usage: names-again; as `names-again once` it is that program, which says on standard output that it was started, where the relay has what it is given.
 */
#include <poll.h>
#include <signal.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
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

static int be_supervisor(int output, bool of_relay)
{
    static const char *const ONCE[] = {"/proc/self/exe", "once", NULL}, *const RELAY[] = {"/proc/self/exe", "relay", NULL}, *const NOTHING[] = {NULL};
    static const struct service_definition DEFINITION = {.name = "relay", .arguments = RELAY, .environment = NOTHING, .most_files = 20};
    const int given[EGRESS_DESCRIPTORS] = {output, output, output, output, output};
    struct services services = {.control = -1};

    CHECK(dup2(output, STDOUT_FILENO) == STDOUT_FILENO);
    const int signals = open_signals();
    services.names = of_relay ? NULL : ONCE;
    services.relay = of_relay ? &DEFINITION : NULL;
    services.egress = given;
    services_start_names(&services);
    services_start_relay(&services);
    return supervise(&services, signals) == STOP_SIGNALLED ? 0 : 1;
}

/* As the relay sees it: the last of what it is given is there, nothing behind it is, and there is a limit. */
static int be_relay(void)
{
    struct rlimit files;
    const int last = 3 + EGRESS_DESCRIPTORS - 1;

    if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_max != 20 || fcntl(last + 1, F_GETFD) >= 0)
        return 1;
    return write(last, "x", 1) == 1 ? 0 : 1;
}

static void supervise_one(bool of_relay)
{
    int output[2], status;

    CHECK(pipe(output) == 0);
    const pid_t pid = fork();
    if (pid == 0)
        _exit(be_supervisor(output[1], of_relay));
    await_start(output[0]);
    const int64_t first = uptime_ms();
    await_start(output[0]);
    const int64_t second = uptime_ms();
    await_start(output[0]);
    CHECK(second - first >= 900 && uptime_ms() - second >= 1900);
    CHECK(kill(pid, SIGTERM) == 0 && waitpid(pid, &status, 0) == pid && status == 0);
    close(output[0]);
    close(output[1]);
}

int main(int count, char **arguments)
{
    if (count == 2 && strcmp(arguments[1], "once") == 0)
        return write(STDOUT_FILENO, "x", 1) == 1 ? 0 : 1;
    if (count == 2 && strcmp(arguments[1], "relay") == 0)
        return be_relay();
    supervise_one(false);
    supervise_one(true);
    puts("ok names again");
    return 0;
}
