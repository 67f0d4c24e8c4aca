/*
 * The name server of the VM. It knows the names of the host, leaves out addresses that lead nowhere, and asks QEMU's resolver for the rest. It keeps nothing of what it
 * is told: what a container got answered for one name is never told to another.
 *
 * A process of its own, and not bulkheadd's: containers can send it as much as they like. The parent only starts the server again when it has ended.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "apart.h"
#include "confine.h"
#include "rules.h"
#include "server.h"

struct options {
    struct sockaddr_in listen;
    struct sockaddr_in resolver;
    struct in_addr host;
    struct in_addr vm;    /* the VM's own address; 0: the server stays in the network namespace it is started in */
    struct in_addr rules; /* the address rules are made for, and nothing else is done; 0: none */
    struct filter filter;
    const char *interface; /* by which alone the resolver answers; NULL: any */
    const char *empty_directory;
};

static _Noreturn void die(const char *what)
{
    fprintf(stderr, "name-server: %s: %s\n", what, strerror(errno));
    exit(EXIT_FAILURE);
}

static _Noreturn void usage(void)
{
    fprintf(stderr, "usage: name-server --listen ADDRESS:PORT --resolver ADDRESS:PORT --host ADDRESS --root DIRECTORY [--apart-from ADDRESS] [--interface NAME] "
                    "[--without ipv4|ipv6]...\n"
                    "       name-server --rules ADDRESS --resolver ADDRESS:PORT --interface NAME\n");
    exit(EXIT_FAILURE);
}

static void take_address(const char *text, struct in_addr *address)
{
    if (inet_pton(AF_INET, text, address) != 1)
        usage();
}

static void take_endpoint(const char *text, struct sockaddr_in *endpoint)
{
    char address[INET_ADDRSTRLEN];
    const char *colon = strchr(text, ':');
    char *rest;

    if (colon == NULL || (size_t)(colon - text) >= sizeof(address))
        usage();
    memcpy(address, text, (size_t)(colon - text));
    address[colon - text] = '\0';
    const unsigned long port = strtoul(colon + 1, &rest, 10);
    if (rest == colon + 1 || *rest != '\0' || port > UINT16_MAX)
        usage();
    memset(endpoint, 0, sizeof(*endpoint));
    endpoint->sin_family = AF_INET;
    endpoint->sin_port = htons((uint16_t)port);
    take_address(address, &endpoint->sin_addr);
}

static void read_options(int count, char **arguments, struct options *options)
{
    static const struct option KNOWN[] = {{"listen", required_argument, NULL, 'l'},    {"resolver", required_argument, NULL, 'r'},
                                          {"host", required_argument, NULL, 'h'},      {"root", required_argument, NULL, 'd'},
                                          {"apart-from", required_argument, NULL, 'a'}, {"interface", required_argument, NULL, 'i'},
                                          {"without", required_argument, NULL, 'w'},   {"rules", required_argument, NULL, 'f'},
                                          {NULL, 0, NULL, 0}};
    bool listen = false, resolver = false, host = false;

    memset(options, 0, sizeof(*options));
    for (int which; (which = getopt_long(count, arguments, "", KNOWN, NULL)) != -1;) {
        if (which == 'l') {
            take_endpoint(optarg, &options->listen);
            listen = true;
        } else if (which == 'r') {
            take_endpoint(optarg, &options->resolver);
            resolver = true;
        } else if (which == 'h') {
            take_address(optarg, &options->host);
            host = true;
        } else if (which == 'd') {
            options->empty_directory = optarg;
        } else if (which == 'a') {
            take_address(optarg, &options->vm);
        } else if (which == 'f') {
            take_address(optarg, &options->rules);
        } else if (which == 'i') {
            options->interface = optarg;
        } else if (which == 'w' && strcmp(optarg, "ipv4") == 0) {
            options->filter.ipv4 = true;
        } else if (which == 'w' && strcmp(optarg, "ipv6") == 0) {
            options->filter.ipv6 = true;
        } else {
            usage();
        }
    }
    const bool serves = listen && host && options->empty_directory != NULL;
    if (optind != count || !resolver || !(options->rules.s_addr == 0 ? serves : options->interface != NULL))
        usage();
}

static int open_socket(void)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0)
        die("socket");
    return fd;
}

/*
 * A port of the kernel's choice each, which who does not see the packets has to guess, with the id. Bound to the card: a container, whose packets come by a bridge, cannot
 * answer in the resolver's name.
 */
static void open_upstream(const struct options *options, struct server *server)
{
    for (size_t i = 0; i < UPSTREAM_COUNT; i++) {
        int fd = open_socket();
        if (options->interface != NULL &&
            setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, options->interface, (socklen_t)strnlen(options->interface, IFNAMSIZ)) != 0)
            die(options->interface);
        if (connect(fd, (const struct sockaddr *)&options->resolver, sizeof(options->resolver)) != 0)
            die("resolver");
        server->upstream[i] = fd;
    }
}

static _Noreturn void become_server(const struct options *options, int listener, pid_t parent)
{
    struct server server = {.listener = listener, .host = options->host, .vm = options->vm, .filter = options->filter};

    open_upstream(options, &server);
    if (!confine(options->empty_directory, parent))
        die("confine");
    serve(&server);
}

/* Where queries come; only this socket is in the network namespace that is made for it, and keeps it. */
static int open_listener(const struct options *options)
{
    struct sockaddr_in bound = options->listen;
    socklen_t length = sizeof(bound);
    const int home = options->vm.s_addr == 0 ? -1 : go_apart(options->listen.sin_addr, options->vm);

    if (options->vm.s_addr != 0 && home < 0)
        die("network namespace");
    const int listener = open_socket();
    if (bind(listener, (const struct sockaddr *)&options->listen, sizeof(options->listen)) != 0 || getsockname(listener, (struct sockaddr *)&bound, &length) != 0)
        die("listen");
    if (home >= 0 && (setns(home, CLONE_NEWNET) != 0 || close(home) != 0))
        die("network namespace");
    printf("%u\n", (unsigned int)ntohs(bound.sin_port));
    fflush(stdout);
    return listener;
}

/* What a container made it end by, it can do again: not in a busy loop. */
static void pause_before_next(void)
{
    const struct timespec pause = {.tv_nsec = 200000000};

    nanosleep(&pause, NULL);
}

/* PID 1 takes the signals it is sent from a descriptor, and what is blocked stays blocked over execve(2). */
static void accept_signals(void)
{
    sigset_t none;

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* As the services of PID 1: a container that takes all memory must not take the names away. Elsewhere it may not be allowed. */
static void keep_alive(void)
{
    const int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

    if (fd < 0)
        return;
    (void)!write(fd, "-900", 4);
    close(fd);
}

int main(int count, char **arguments)
{
    struct options options;

    accept_signals();
    keep_alive();
    read_options(count, arguments, &options);
    if (options.rules.s_addr != 0) {
        if (!make_rules(options.rules, options.resolver.sin_addr, options.interface))
            die("iptables-restore");
        return EXIT_SUCCESS;
    }
    const int listener = open_listener(&options);
    for (;;) {
        const pid_t parent = getpid();
        const pid_t child = fork();
        int status = 0;
        if (child == 0)
            become_server(&options, listener, parent);
        if (child < 0)
            die("fork");
        while (waitpid(child, &status, 0) < 0 && errno == EINTR)
            continue;
        fprintf(stderr, "name-server: the server ended with status %d and is started again\n", status);
        pause_before_next();
    }
}
