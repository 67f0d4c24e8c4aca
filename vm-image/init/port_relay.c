/*
 * Copies bytes between a virtio-serial port and the socket inherited as descriptor 3. One run is one session with the host: it waits for the host to
 * connect and ends when either side goes, so that bulkheadd need not find the seam between two sessions in the bytes.
 *
 * usage: port-relay /dev/vportXpY | port-relay --name NAME
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "devices.h"
#include "relay_buffer.h"

#define PEER 3

struct relay {
    int port;
    int poller;
    bool host_seen;
    struct relay_buffer to_peer;
    struct relay_buffer to_port;
};

/*
 * The port reports POLLHUP for as long as no host is connected, which a level-triggered wait would spin on. Edge-triggered, the driver's wake-up on
 * connect, data and space is what ends the wait (drivers/char/virtio_console.c). Both descriptors are therefore worked until they would block.
 */
static bool watch(struct relay *relay, int descriptor)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.fd = descriptor};

    return epoll_ctl(relay->poller, EPOLL_CTL_ADD, descriptor, &event) == 0;
}

static bool host_connected(const struct relay *relay)
{
    struct pollfd state = {.fd = relay->port};

    return poll(&state, 1, 0) == 0;
}

/* Moves what can be moved; false when the session is over. */
static bool work(struct relay *relay)
{
    bool moved = true;

    while (moved) {
        enum relay_step steps[] = {
            relay_fill(&relay->to_port, PEER),
            relay->host_seen ? relay_drain(&relay->to_port, relay->port) : RELAY_BLOCKED,
            relay_fill(&relay->to_peer, relay->port),
            relay_drain(&relay->to_peer, PEER),
        };
        /* the port reads as ended whenever no host is connected: that alone is not the end of the session, host_seen decides */
        if (steps[0] == RELAY_ENDED || steps[1] == RELAY_ENDED || steps[3] == RELAY_ENDED)
            return false;
        moved = false;
        for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
            moved = moved || steps[i] == RELAY_MOVED;
    }
    return true;
}

static void run(struct relay *relay)
{
    for (;;) {
        struct epoll_event events[2];
        bool connected = host_connected(relay);
        if (relay->host_seen && !connected) {
            /* what the host sent before it went still belongs to the session */
            work(relay);
            return;
        }
        relay->host_seen = connected;
        if (!work(relay))
            return;
        while (epoll_wait(relay->poller, events, 2, -1) < 0)
            if (errno != EINTR)
                return;
    }
}

static bool open_port(int count, char **arguments, struct relay *relay)
{
    char path[DEVICE_PATH_LIMIT];

    if (count == 2 && strlen(arguments[1]) < sizeof(path))
        strcpy(path, arguments[1]);
    else if (count != 3 || strcmp(arguments[1], "--name") != 0 || !find_port(arguments[2], path))
        return false;
    relay->port = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    return relay->port >= 0;
}

int main(int count, char **arguments)
{
    static struct relay relay;

    signal(SIGPIPE, SIG_IGN); /* write(2) says it */
    relay.poller = epoll_create1(EPOLL_CLOEXEC);
    int flags = fcntl(PEER, F_GETFL);
    if (relay.poller < 0 || flags < 0 || fcntl(PEER, F_SETFL, flags | O_NONBLOCK) < 0 || !open_port(count, arguments, &relay) ||
        !watch(&relay, relay.port) || !watch(&relay, PEER)) {
        fprintf(stderr, "port-relay: cannot start: %s\n", strerror(errno));
        return EXIT_FAILURE;
    }
    run(&relay);
    return EXIT_SUCCESS;
}
