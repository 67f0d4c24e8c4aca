#ifndef BULKHEAD_EGRESS_LINK_H
#define BULKHEAD_EGRESS_LINK_H

#include <stdbool.h>

/** Sockets of NETLINK_ROUTE, one in each of the two namespaces. */
struct link_ends {
    int engine;
    int way;
};

/** Makes the link, with addresses and routes at both ends; `way_namespace` is the descriptor of the other namespace. Its number in the engine's, or 0 with errno. */
unsigned int link_make(const struct link_ends *ends, int way_namespace, bool with_ipv6);

#endif
