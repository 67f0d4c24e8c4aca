#ifndef BULKHEAD_NETWORK_H
#define BULKHEAD_NETWORK_H

#include <stdbool.h>

#include "net_params.h"

/** Brings the loopback interface up; false with errno. */
bool bring_loopback_up(void);

/** Name of the network card: of the first by name, the only one in the usual case. `name` has IF_NAMESIZE bytes. False when there is none. */
bool find_interface(char *name);

/**
 * Gives the first virtio network interface its address and makes its gateway the default route, unless there is another one, which itself cannot be reached then; false with
 * errno, ENODEV when there is no such interface.
 */
bool configure_network(const struct net_params *params);

#endif
