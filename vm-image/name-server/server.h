#ifndef BULKHEAD_SERVER_H
#define BULKHEAD_SERVER_H

#include <netinet/in.h>

#include "message.h"

/** How many sockets queries are passed on by. */
#define UPSTREAM_COUNT 16

/** What the server needs to know and to have. */
struct server {
    int listener;                 /* UDP, bound */
    int upstream[UPSTREAM_COUNT]; /* UDP, connected with the resolver */
    struct in_addr host;
    struct in_addr vm; /* by which the engine asks */
    struct filter filter;
};

/**
 * Answers queries until something fails that should not. It opens nothing: all its system calls are on descriptors it has.
 */
_Noreturn void serve(const struct server *server);

#endif
