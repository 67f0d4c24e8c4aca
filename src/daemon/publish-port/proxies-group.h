#ifndef BULKHEAD_PROXIES_GROUP_H
#define BULKHEAD_PROXIES_GROUP_H

/** By which the firewall tells docker-proxy, which connects to containers, from the engine (src/egress/network/firewall.c). Nobody else has it. */
#define PROXIES_GROUP 60954

#endif
