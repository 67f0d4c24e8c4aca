#ifndef BULKHEAD_EGRESS_SOCKETS_H
#define BULKHEAD_EGRESS_SOCKETS_H

#include <stdbool.h>

#include "way.h"

/** Where connections are led to; any number does, as nothing else listens in the namespace. */
#define EGRESS_TCP_PORT 9
#define NAMES_PORT 53

/** Opens the sockets in the namespace this thread is in. False with errno; none is open then. */
bool sockets_open(struct egress_sockets *sockets);
void sockets_close(struct egress_sockets *sockets);

#endif
