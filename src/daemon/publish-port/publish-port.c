/*
 * dockerd's userland proxy (`userland-proxy-path`), started by it for each published port as docker-proxy is, with the same arguments:
 *
 * usage: publish-port -proto tcp|udp|sctp -host-ip A -host-port N -container-ip B -container-port M [-use-listen-fd]
 *
 * 3 is a pipe for the answer, `0\n` or `1\n` and the reason; 4 the socket dockerd has bound (and, of TCP, listens on). SIGINT and SIGTERM end it.
 *
 * In the VM a port is published when the host listens as well, so bulkheadd is asked, and the connection to it is the lease of the port: it
 * ends with this process. When bulkheadd is started again it is told anew. In native mode there is no bulkheadd to ask.
 *
 * docker-proxy itself is started at the first connection that comes to the bound socket. What comes from elsewhere goes to the container by rules of
 * the firewall, so most ports never need it, and it takes some 14 tasks, which no limit of a container counts. So it is ended when it has had nothing to do for a while.
 * Both are in cgroups of their own, whose limits all containers share.
 */
#include <errno.h>
#include <arpa/inet.h>
#include <grp.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lease.h"
#include "limit.h"
#include "proxies-group.h"
#include "proxy.h"

/* dockerd gives up after 16 s. */
#define ANSWER_MS 15000
#define RELEASE_MS 5000
#define FULL "there are as many published ports already as there may be at once"
/* Until docker-proxy, which ended by itself, may be started again, and bulkheadd, which could not be reached, is asked again. */
#define PAUSE_MS 1000
/* Between two looks at docker-proxy; one that is idle at both is ended. */
#ifndef LOOK_MS
#define LOOK_MS 30000
#endif

static struct port port;
static char **arguments;
static int lease = -1;
/* bulkheadd is to be asked again. */
static bool lease_lost;
static unsigned int guest_port;
static char line[LEASE_LINE];
static size_t line_length;
static pid_t proxy;
static bool proxy_was_idle;

_Noreturn static void fail(const char *reason)
{
    dprintf(ANSWER_FD, "1\n%s", reason);
    _exit(EXIT_FAILURE);
}

static bool is_address(const char *text)
{
    unsigned char address[16];

    return inet_pton(AF_INET, text, address) == 1 || inet_pton(AF_INET6, text, address) == 1;
}

static bool is_port(const char *text)
{
    return strlen(text) <= 5 && strspn(text, "0123456789") == strlen(text) && atoi(text) > 0 && atoi(text) <= 65535;
}

static bool is_protocol(const char *text)
{
    return strcmp(text, "tcp") == 0 || strcmp(text, "udp") == 0 || strcmp(text, "sctp") == 0;
}

/* False when it is anything but what dockerd 28 says. */
static bool parse(int count, char **words, bool *has_socket)
{
    const struct {
        const char *name;
        const char **value;
        bool (*is_valid)(const char *);
    } options[] = {{"-proto", &port.proto, is_protocol},
                   {"-host-ip", &port.host_ip, is_address},
                   {"-host-port", &port.host_port, is_port},
                   {"-container-ip", &port.container_ip, is_address},
                   {"-container-port", &port.container_port, is_port}};
    const size_t known = sizeof(options) / sizeof(options[0]);

    for (int i = 1; i < count; i++) {
        size_t option = 0;
        if (strcmp(words[i], "-use-listen-fd") == 0) {
            *has_socket = true;
            continue;
        }
        while (option < known && strcmp(words[i], options[option].name) != 0)
            option++;
        if (option == known || ++i >= count || *options[option].value != NULL || !options[option].is_valid(words[i]))
            return false;
        *options[option].value = words[i];
    }
    for (size_t i = 0; i < known; i++)
        if (*options[i].value == NULL)
            return false;
    return true;
}

/* Root alone may have another group. Whoever tests this may be nobody. */
static bool take_group(void)
{
    return geteuid() != 0 || (setgroups(0, NULL) == 0 && setresgid(PROXIES_GROUP, PROXIES_GROUP, PROXIES_GROUP) == 0);
}

/* All it does is open to root without capabilities, docker-proxy included: the socket is bound. */
static bool drop_rights(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {0};

    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && syscall(SYS_capset, &header, none) == 0;
}

static int open_signals(void)
{
    sigset_t awaited;

    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&awaited);
    sigaddset(&awaited, SIGINT);
    sigaddset(&awaited, SIGTERM);
    sigaddset(&awaited, SIGCHLD);
    return sigprocmask(SIG_BLOCK, &awaited, NULL) == 0 ? signalfd(-1, &awaited, SFD_CLOEXEC | SFD_NONBLOCK) : -1;
}

_Noreturn static void stop(void)
{
    if (proxy > 0) {
        kill(proxy, SIGKILL);
        waitpid(proxy, NULL, 0);
    }
    if (lease >= 0)
        lease_release(lease, RELEASE_MS);
    _exit(EXIT_SUCCESS);
}

/* True when docker-proxy has ended. */
static bool take_signals(int signals)
{
    struct signalfd_siginfo taken;
    bool ended = false;

    while (read(signals, &taken, sizeof(taken)) == (ssize_t)sizeof(taken)) {
        if (taken.ssi_signo != SIGCHLD)
            stop();
        if (proxy > 0 && waitpid(proxy, NULL, WNOHANG) == proxy) {
            proxy = 0;
            ended = true;
        }
    }
    return ended;
}

static void ask(void)
{
    line_length = 0;
    lease = lease_ask(&port, guest_port);
    lease_lost = lease < 0;
}

/* Before dockerd is answered: the port is published, or the start of the container fails. */
static void obtain_lease(int signals)
{
    struct timespec now, begun;
    const char *reason = "";
    int got = 0;

    clock_gettime(CLOCK_MONOTONIC, &begun);
    ask();
    if (lease < 0)
        fail("bulkheadd cannot be reached, which publishes ports");
    while (got == 0) {
        struct pollfd polled[] = {{.fd = lease, .events = POLLIN}, {.fd = signals, .events = POLLIN}};
        clock_gettime(CLOCK_MONOTONIC, &now);
        long left = ANSWER_MS - ((now.tv_sec - begun.tv_sec) * 1000 + (now.tv_nsec - begun.tv_nsec) / 1000000);
        if (left <= 0 || poll(polled, 2, (int)left) == 0)
            fail("bulkheadd, which publishes ports, did not answer in time");
        if (polled[1].revents != 0)
            take_signals(signals);
        if (polled[0].revents != 0)
            got = lease_read(lease, line, &line_length);
    }
    if (got < 0)
        fail("bulkheadd, which publishes ports, ended");
    guest_port = lease_granted(line, &reason);
    if (guest_port == 0)
        fail(reason);
    line_length = 0;
}

/* What comes on the lease later: that bulkheadd ended, or the answer of the new one. */
static void hear_lease(void)
{
    const char *reason;
    int got = lease_read(lease, line, &line_length);

    if (got == 0)
        return;
    if (got < 0) {
        /* After a pause: a bulkheadd that takes connections and ends them at once would be asked without end. */
        close(lease);
        lease = -1;
        lease_lost = true;
        return;
    }
    if (lease_granted(line, &reason) != guest_port) {
        /* The port is lost, as bulkheadd has said in its log; the container goes on. */
        close(lease);
        lease = -1;
    }
    line_length = 0;
}

static void look_at_proxy(void)
{
    const bool idle = proxy_is_idle(proxy);

    if (idle && proxy_was_idle && proxy_end_idle(proxy))
        proxy = 0;
    proxy_was_idle = idle;
}

_Noreturn static void serve(int signals)
{
    bool resting = false;

    for (;;) {
        struct pollfd polled[] = {
            {.fd = signals, .events = POLLIN}, {.fd = lease, .events = POLLIN}, {.fd = proxy > 0 || resting ? -1 : LISTEN_FD, .events = POLLIN}};
        const int wait = resting || lease_lost ? PAUSE_MS : proxy > 0 ? LOOK_MS : -1;
        int ready = poll(polled, 3, wait);
        if (ready < 0 && errno != EINTR)
            stop();
        if (ready == 0 && wait == LOOK_MS)
            look_at_proxy();
        else if (ready == 0) {
            resting = false;
            if (lease_lost)
                ask();
        }
        if (ready <= 0)
            continue;
        if (polled[0].revents != 0 && take_signals(signals))
            resting = true;
        if (polled[1].revents != 0)
            hear_lease();
        if (polled[2].revents != 0) {
            proxy_was_idle = false;
            resting = (proxy = proxy_start(arguments)) < 0;
        }
    }
}

int main(int count, char **words)
{
    bool has_socket = false;

    if (!parse(count, words, &has_socket))
        fail("publish-port was not asked as dockerd asks");
    if (!has_socket) {
        /* SCTP: docker-proxy binds the port itself, and says whether it could. */
        if (proxy_limit())
            proxy_become(words);
        fail(errno == EAGAIN ? FULL : strerror(errno));
    }
    arguments = words;
    close_range(LISTEN_FD + 1, ~0U, 0);
    int signals = open_signals();
    if (!limit_join(PORTS_CGROUP, 1))
        fail(errno == EAGAIN ? FULL : strerror(errno));
    if (signals < 0 || !take_group() || !drop_rights())
        fail(strerror(errno));
    if (lease_needed())
        obtain_lease(signals);
    if (write(ANSWER_FD, "0\n", 2) != 2)
        stop();
    close(ANSWER_FD);
    serve(signals);
}
