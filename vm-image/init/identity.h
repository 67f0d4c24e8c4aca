#ifndef BULKHEAD_IDENTITY_H
#define BULKHEAD_IDENTITY_H

#include <netinet/in.h>
#include <stdbool.h>

/** Sets the VM's host name. */
bool set_host_name(void);

/** Writes resolv.conf, hostname and hosts below /run/bulkhead/etc, where the links in the read-only /etc lead, unless they exist; false with errno. `resolver` NULL writes no name server. */
bool write_identity(const struct in_addr *resolver);

#endif
