#ifndef BULKHEAD_EGRESS_H
#define BULKHEAD_EGRESS_H

#include <stdbool.h>

#include "service_table.h"

/** The door, at which bulkheadd hands on connections of the gateway's, and what `struct egress_sockets` has; numbered as src/egress/relay/relay.h says. */
#define EGRESS_DESCRIPTORS 5

extern const struct service_definition EGRESS_RELAY;

/**
 * Makes the VM's one way out, which leads to sockets of the relay alone, and the door (src/egress/network/way.h). Before dockerd is started. False with errno and what could not be
 * done: then there is no way out, and nothing is open.
 */
bool open_egress(int descriptors[EGRESS_DESCRIPTORS], bool is_read, const char **what);

#endif
