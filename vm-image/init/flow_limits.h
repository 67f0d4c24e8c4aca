#ifndef BULKHEAD_FLOW_LIMITS_H
#define BULKHEAD_FLOW_LIMITS_H

#include <stdbool.h>
#include <stdint.h>

/**
 * Of what containers send to the world by the card, which QEMU's user network makes sockets of the host for, no address and no network gets more than its share, and what a container says
 * comes from elsewhere goes nowhere. Where other rules let it through alone. False with errno.
 *
 * @param most connections of a network at once; an address has half of them.
 */
bool limit_flows(const char *card, uint32_t most);

#endif
