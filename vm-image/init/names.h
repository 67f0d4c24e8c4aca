#ifndef BULKHEAD_NAMES_H
#define BULKHEAD_NAMES_H

#include <stdbool.h>

#include "net_params.h"

/** Bytes of `--host-gateway-ip=ADDRESS`. */
#define HOST_GATEWAY_LIMIT 40

/** Starts the name server of the VM (vm-image/name-server), which keeps itself running; false with errno. `interface` is the network card. */
bool start_name_server(const struct net_params *params, const char *interface);

/** The argument by which dockerd knows the address of the host, for `--add-host NAME:host-gateway`. */
void host_gateway_argument(const struct net_params *params, char text[HOST_GATEWAY_LIMIT]);

#endif
