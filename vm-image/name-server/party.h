#ifndef BULKHEAD_PARTY_H
#define BULKHEAD_PARTY_H

#include <netinet/in.h>
#include <stddef.h>

/**
 * Who asks, for a fair share: a network and not an address, of which a container can use as many as its network has. The networks the engine chooses by itself
 * are told apart, others by the first half of their address (rules.c counts them alike).
 */
enum { PARTY_VM = 1 << 16, PARTY_COUNT };

/** From 0 to below PARTY_COUNT. `vm` is the VM's own address, which nobody else can ask from: the engine is a party of its own. */
size_t party_of(struct in_addr client, struct in_addr vm);

#endif
