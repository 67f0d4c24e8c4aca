/*
 * Takes what containers and the engine send to the world, asks the gateway (src/egress/gateway), which decides, and moves the bytes. It knows no policy.
 *
 * usage: egress-relay, with what relay.h says inherited: a listening unix socket for the gateway, and the sockets of src/egress/network, which are in the
 * namespace at the end of the engine's only way out. It itself is where the world is reached. What is said there control.h has.
 *
 * Threat: what containers send. One task reads none of it but looks at the first bytes of a connection when asked, and questions for names, and
 * has no rights but to connect. Without a gateway that answers, every connection is cut and none is taken.
 */
#include "relay.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "confine.h"
#include "connection.h"
#include "control.h"
#include "doors.h"
#include "link.h"
#include "names.h"
#include "pump.h"
#include "told.h"

#define EVENTS_AT_ONCE 256
#define LOOK_MS 500

static int events_of;
/* Listeners are left alone while the gateway has too much to read: what comes waits in the kernel. */
static bool listening = true;
static bool has_tcp6;

bool watch(int descriptor, uint32_t events, enum subject subject, uint32_t which)
{
    struct epoll_event event = {.events = events, .data.u64 = (uint64_t)subject << 32 | which};

    return epoll_ctl(events_of, EPOLL_CTL_ADD, descriptor, &event) == 0;
}

bool watch_otherwise(int descriptor, uint32_t events, enum subject subject, uint32_t which)
{
    struct epoll_event event = {.events = events, .data.u64 = (uint64_t)subject << 32 | which};

    return epoll_ctl(events_of, EPOLL_CTL_MOD, descriptor, &event) == 0;
}

int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

socklen_t address_length(const union address *address)
{
    return address->any.sa_family == AF_INET ? sizeof(address->four) : sizeof(address->six);
}

const char *address_text(const union address *address, char text[ADDRESS_TEXT])
{
    char host[INET6_ADDRSTRLEN] = "";
    const bool four = address->any.sa_family == AF_INET;

    inet_ntop(address->any.sa_family, four ? (const void *)&address->four.sin_addr : (const void *)&address->six.sin6_addr, host, sizeof(host));
    snprintf(text, ADDRESS_TEXT, "%s %u", host, ntohs(four ? address->four.sin_port : address->six.sin6_port));
    return text;
}

static void listen_or_not(bool wanted)
{
    if (wanted == listening)
        return;
    watch_otherwise(TCP4, wanted ? EPOLLIN : 0, AT_LISTENER, TCP4);
    if (has_tcp6)
        watch_otherwise(TCP6, wanted ? EPOLLIN : 0, AT_LISTENER, TCP6);
    listening = wanted;
}

static void take_event(enum subject subject, uint32_t which, uint32_t events)
{
    switch (subject) {
    case AT_DOOR: doors_accept(); break;
    case AT_VISITOR: doors_event(which); break;
    case AT_LINK: link_event(events); break;
    case AT_CLIENT: connection_event(which, true, events); break;
    case AT_UPSTREAM: connection_event(which, false, events); break;
    case AT_LISTENER: connections_accept((int)which, link_is_up()); break;
    case AT_NAMES: names_take((int)which); break;
    }
}

/* Those that begin something come last: an event of what has just ended must not be taken for one of what took its place. */
static void take_events(const struct epoll_event *events, int count)
{
    for (int begins = 0; begins < 2; begins++)
        for (int i = 0; i < count; i++) {
            const enum subject subject = (enum subject)(events[i].data.u64 >> 32);
            if ((subject == AT_LISTENER || subject == AT_DOOR) == (begins == 1))
                take_event(subject, (uint32_t)events[i].data.u64, events[i].events);
        }
}

static void look(void)
{
    static int64_t last;
    const int64_t now = now_ms();

    if (now - last < LOOK_MS)
        return;
    last = now;
    connections_look(now);
    names_look(now);
    doors_look(now);
    link_look(now);
    const uint32_t refused = connections_refused();
    if (refused > 0)
        control_refused(refused);
}

_Noreturn static void serve(void)
{
    static struct epoll_event events[EVENTS_AT_ONCE];
    bool more = false;

    for (;;) {
        const int count = epoll_wait(events_of, events, EVENTS_AT_ONCE, more ? 0 : LOOK_MS);
        if (count < 0 && errno != EINTR)
            _exit(EXIT_FAILURE);
        take_events(events, count);
        link_flush();
        connections_told();
        more = pump_turns();
        look();
        link_flush();
        listen_or_not(!link_is_up() || link_has_room());
    }
}

static bool is_open(int descriptor)
{
    return fcntl(descriptor, F_GETFD) >= 0;
}

static bool watch_all(void)
{
    /* before anything is opened that could have the number of one that is not there */
    bool there[UDP6 + 1] = {false};

    for (int descriptor = DOOR; descriptor <= UDP6; descriptor++)
        there[descriptor] = is_open(descriptor);
    there[TCP4] = there[UDP4] = true;
    events_of = epoll_create1(EPOLL_CLOEXEC);
    if (events_of < 0 || !watch(DOOR, EPOLLIN, AT_DOOR, 0))
        return false;
    for (int descriptor = TCP4; descriptor <= UDP6; descriptor++) {
        const bool tcp = descriptor == TCP4 || descriptor == TCP6;
        if (there[descriptor] && !watch(descriptor, EPOLLIN, tcp ? AT_LISTENER : AT_NAMES, (uint32_t)descriptor))
            return false;
    }
    has_tcp6 = there[TCP6];
    return true;
}

int main(void)
{
    struct rlimit files;

    signal(SIGPIPE, SIG_IGN); /* splice(2) says it */
    close_range(UDP6 + 1, ~0U, 0);
    if (getrlimit(RLIMIT_NOFILE, &files) != 0)
        return EXIT_FAILURE;
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    connections_limit(files.rlim_cur);
    names_begin();
    if (!told_begin() || !watch_all()) {
        perror("egress-relay");
        return EXIT_FAILURE;
    }
#ifndef UNCONFINED
    if (!confine()) {
        perror("egress-relay");
        return EXIT_FAILURE;
    }
#endif
    serve();
}
