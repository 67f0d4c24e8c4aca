#ifndef BULKHEAD_REDIRECT_H
#define BULKHEAD_REDIRECT_H

#include <netinet/in.h>
#include <stdbool.h>

/** Who answers what is sent to the address of the names. */
struct redirection {
    struct in_addr names;        /* the name server everybody in the VM is told of; nobody has the address */
    struct sockaddr_in listener; /* of this program */
    struct in_addr resolver;     /* whom this program asks, and who answers by TCP */
};

/** Bytes the rules have at most. */
#define RULES_LIMIT 2048

/**
 * The rules as iptables-restore(8) reads them with `--noflush`. Queries are led to this program by the firewall, because a server on port 53 of the VM would keep
 * containers from publishing that port. False when they do not fit.
 */
bool redirection_rules(const struct redirection *to, char text[RULES_LIMIT]);

/** Gives them to the kernel; false when iptables-restore said no, which then is on standard error. */
bool redirect(const struct redirection *to);

#endif
