#ifndef BULKHEAD_VETH_H
#define BULKHEAD_VETH_H

#include <stdbool.h>

/** A pair of links (veth(4)) with one name: one where `netlink`, of NETLINK_ROUTE, is of, the other in the network namespace `there`. False with errno. */
bool veth_make(int netlink, const char *name, int there);

#endif
