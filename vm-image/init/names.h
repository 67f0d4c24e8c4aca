#ifndef BULKHEAD_NAMES_H
#define BULKHEAD_NAMES_H

#include <stdbool.h>
#include <sys/types.h>

#include "net_params.h"

/** Bytes of `--host-gateway-ip=ADDRESS`. */
#define HOST_GATEWAY_LIMIT 40
/** Bytes of `INTERFACE,ADDRESS`. */
#define HOST_SIDE_LIMIT 40

/**
 * Starts making the rules of the firewall by which the name server of the VM is reached (vm-image/name-server); await_program() says 0 when they are there.
 * Before dockerd's, which come behind them. `interface` is the network card. The pid, or -1 with errno.
 */
pid_t start_name_rules(const struct net_params *params, const char *interface);

/** The arguments of the name server, for as long as PID 1 lives; NULL with errno. `interface` is the network card. */
const char *const *name_server_arguments(const struct net_params *params, const char *interface);

/** The argument by which dockerd knows the address of the host, for `--add-host NAME:host-gateway`. */
void host_gateway_argument(struct in_addr host, char text[HOST_GATEWAY_LIMIT]);

/** The argument by which bulkheadd knows the card and the address of the host on it. */
void host_side_argument(const struct net_params *params, const char *interface, char text[HOST_SIDE_LIMIT]);

#endif
