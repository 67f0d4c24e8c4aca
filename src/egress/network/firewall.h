#ifndef BULKHEAD_EGRESS_FIREWALL_H
#define BULKHEAD_EGRESS_FIREWALL_H

#include <stdbool.h>
#include <stdint.h>

/**
 * Rules of the engine's namespace, for what goes out by the link with this number and comes back by it; `is_read`: as `egress_make_way` has it. `netlink` is of NETLINK_NETFILTER there. False with errno.
 */
bool firewall_of_engine(int netlink, uint32_t link, bool is_read);

/** Rules of the namespace of the listeners: what arrives by TCP is a connection to the listener at this port, and what is neither that nor a question for names is refused. False with errno. */
bool firewall_of_way(int netlink, uint16_t port);

#endif
