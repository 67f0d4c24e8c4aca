#ifndef BULKHEAD_REPLY_ROUTE_H
#define BULKHEAD_REPLY_ROUTE_H

#include <netinet/in.h>
#include <stdbool.h>

/** The mark of packets that answer a connection the gateway has made (src/daemon/ports/forward-rules.ts). */
#define REPLY_MARK 0xb0000

/**
 * A table of its own by which packets with REPLY_MARK, and no others, reach the gateway: connections to published ports come from its address, and
 * everything else that is sent there is refused (network.c). False with errno.
 */
bool add_reply_route(struct in_addr gateway, unsigned int interface);

#endif
