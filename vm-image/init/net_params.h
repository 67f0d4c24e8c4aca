#ifndef BULKHEAD_NET_PARAMS_H
#define BULKHEAD_NET_PARAMS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#define NET_KEY "bulkhead.net"
/** Which addresses names do not resolve to, `ipv4` or `ipv6`. */
#define WITHOUT_KEY "bulkhead.names-without"
/** `reached`: the gateway, by which QEMU's user network leads to the loopback of the host, is a destination like others. */
#define LOOPBACK_KEY "bulkhead.host-loopback"
/** `gateway`: the world is reached by the gateway on the host alone (docs/architecture.md, "The way out"). */
#define EGRESS_KEY "bulkhead.egress"
/** Names without a dot are looked up below these domains, parted by commas: those of the host. */
#define SEARCH_KEY "bulkhead.search"
#define SEARCH_LIMIT 256
/** Connections to the world a network of containers has at once: its share of the descriptors of QEMU. */
#define FLOWS_KEY "bulkhead.flows"
#define FLOWS_LEAST 64
#define FLOWS_MOST 65536
#define FLOWS_DEFAULT 4096
/** What QEMU's user network gives its first guest. */
#define NET_DEFAULT "10.0.2.15/24,10.0.2.2,10.0.2.3"

struct net_params {
    struct in_addr address;
    struct in_addr netmask;
    struct in_addr gateway;
    struct in_addr host; /* by which its loopback is asked for, where that may be: the gateway, or the way out's address for it */
    struct in_addr resolver;
    struct in_addr names; /* where everybody in the VM asks; 0: the resolver */
    char search[SEARCH_LIMIT]; /* as resolv.conf(5) has them, parted by spaces; empty: none */
    const char *without;  /* of the two words of WITHOUT_KEY; NULL: neither */
    uint32_t flows;       /* as FLOWS_KEY says, or FLOWS_DEFAULT */
    bool gateway_reached; /* as LOOPBACK_KEY says */
    bool restricted;      /* as EGRESS_KEY says; the card is for published ports then, nobody beside the gateway of it is reached by it, and the resolver is the way out's */
};

/** Reads `ADDRESS/PREFIX,GATEWAY,RESOLVER[,NAMES]`, IPv4 in dotted form, prefix 1 to 30, gateway and names inside the prefix. */
bool parse_net_params(const char *text, struct net_params *params);

/** The parameters in `cmdline`, or NET_DEFAULT when it has none; false when they are repeated or malformed. */
bool net_params_of_cmdline(const char *cmdline, struct net_params *params);

/** Nothing is sent to the gateway but by way of it: unless it is to be reached, or is the resolver as well. */
bool gateway_refused(const struct net_params *params);

#endif
