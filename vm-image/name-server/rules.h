#ifndef BULKHEAD_RULES_H
#define BULKHEAD_RULES_H

#include <netinet/in.h>
#include <stdbool.h>

/** Bytes the rules have at most. */
#define RULES_LIMIT 2048

/**
 * What the firewall has to say of the name server, as iptables-restore(8) reads it with `--noflush`, before any other rule is made. `names` is its address, as
 * everybody in the VM is told; `resolver` answers by TCP in its place, and `card` leads to it. False when the rules do not fit.
 *
 * Who may ask is not said here: what containers send there is forwarded, so Docker's own rules let through whom they let out, and nobody else.
 */
bool name_rules(struct in_addr names, struct in_addr resolver, const char *card, char text[RULES_LIMIT]);

/** Gives them to the kernel; false when iptables-restore said no, which then is on standard error. */
bool make_rules(struct in_addr names, struct in_addr resolver, const char *card);

#endif
