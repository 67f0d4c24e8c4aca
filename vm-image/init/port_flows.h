#ifndef BULKHEAD_PORT_FLOWS_H
#define BULKHEAD_PORT_FLOWS_H

#include <netinet/in.h>
#include <stdbool.h>

#include "net_params.h"

/**
 * Refuses what would begin a TCP connection to the gateway, at the card, behind everything else. Packets of flows are not asked for the marks by which replies
 * alone reach it (reply_route.h). False with errno.
 */
bool guard_gateway(const char *card, struct in_addr gateway);

/**
 * Packets of TCP connections to published ports, once they are established, go between the card and the container without firewall, bridge and routes being
 * asked for each of them (a flow table of nf_tables). Guards the gateway before, where it is not to be reached. False with errno; every packet goes the long way then.
 */
bool add_port_flows(const char *card, const struct net_params *params);

#endif
