#ifndef BULKHEAD_EGRESS_WAY_H
#define BULKHEAD_EGRESS_WAY_H

#include <stdbool.h>

/** The link between the engine's network namespace and that of the listeners; its name at both ends. */
#define EGRESS_LINK "egress0"

/**
 * The addresses of the link, of ranges no network has (RFC 5737, RFC 3849): the engine's own; its way out, which is also the address of its name server; and one that is nobody's, by which
 * the gateway is asked for the loopback of the host. src/common/egress-link.ts has the same.
 */
#define EGRESS_ENGINE4 "203.0.113.254"
#define EGRESS_WAY4 "203.0.113.253"
#define EGRESS_HOST4 "203.0.113.252"
#define EGRESS_PREFIX4 29
#define EGRESS_ENGINE6 "2001:db8:6272:6567::2"
#define EGRESS_WAY6 "2001:db8:6272:6567::1"
#define EGRESS_PREFIX6 64

/** What arrives by the link, whatever address it is for: connections to listeners, and questions for names. The IPv6 ones are -1 on a machine without it. */
struct egress_sockets {
    int tcp4;
    int tcp6;
    int udp4;
    int udp6;
};

/**
 * Gives the network namespace of this thread its one way out: a link to a namespace in which nothing is but these sockets, which keep it. Called before the
 * engine is started, whose own rules of the firewall come behind those that are made here. `is_read`: what the engine asks of registries is, at the other end, so that it must not go to
 * networks of containers.
 *
 * False with errno and what could not be done; the namespace then has no way out.
 */
bool egress_make_way(struct egress_sockets *sockets, bool is_read, const char **what);

#endif
