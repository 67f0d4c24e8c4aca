#ifndef BULKHEAD_LEASE_H
#define BULKHEAD_LEASE_H

#include <stdbool.h>
#include <stddef.h>

/** Longest line either side says. */
#define LEASE_LINE 512

/** What dockerd asks to be published, in its own words, each checked for its form. */
struct port {
    const char *proto;
    const char *host_ip;
    const char *host_port;
    const char *container_ip;
    const char *container_port;
};

/** Whether bulkheadd publishes ports at all: in the VM alone there is the socket. */
bool lease_needed(void);

/**
 * Connects to bulkheadd and asks it to publish the port, at `guest_port` as before (0: wherever it likes). The socket, or -1 with errno.
 * While bulkheadd is started again the connection waits in the listening socket, which PID 1 holds.
 */
int lease_ask(const struct port *port, unsigned int guest_port);

/** Reads what has come of the answer to `line`, which holds `length` bytes so far: 1 a whole line, 0 not yet, -1 it ended. */
int lease_read(int lease, char line[LEASE_LINE], size_t *length);

/** The guest port of the answer `ok PORT`; 0 for any other, of which `*reason` is then the text. */
unsigned int lease_granted(const char *line, const char **reason);

/** Gives the port back and waits until bulkheadd says that it is closed, by ending the connection, at most `ms`. Closes `lease`. */
void lease_release(int lease, int ms);

#endif
