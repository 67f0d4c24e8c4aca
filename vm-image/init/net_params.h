#ifndef BULKHEAD_NET_PARAMS_H
#define BULKHEAD_NET_PARAMS_H

#include <netinet/in.h>
#include <stdbool.h>

#define NET_KEY "bulkhead.net"
/** What QEMU's user network gives its first guest. */
#define NET_DEFAULT "10.0.2.15/24,10.0.2.2,10.0.2.3"

struct net_params {
    struct in_addr address;
    struct in_addr netmask;
    struct in_addr gateway;
    struct in_addr resolver;
};

/** Reads `ADDRESS/PREFIX,GATEWAY,RESOLVER`, IPv4 in dotted form, prefix 1 to 30, gateway inside the prefix. */
bool parse_net_params(const char *text, struct net_params *params);

/** The parameters in `cmdline`, or NET_DEFAULT when it has none; false when they are repeated or malformed. */
bool net_params_of_cmdline(const char *cmdline, struct net_params *params);

#endif
