#ifndef BULKHEAD_IDENTITY_H
#define BULKHEAD_IDENTITY_H

#include <netinet/in.h>
#include <stdbool.h>

/** Sets the VM's host name. */
bool set_host_name(void);

/** Writes resolv.conf, hostname and hosts below /run/bulkhead/etc, where the links in the read-only /etc lead, unless they exist; false with errno. `resolver` NULL writes no name server. `search` has domains parted by spaces, or is empty. */
bool write_identity(const struct in_addr *resolver, const char *search);

/** Whom dockerd and containerd believe (SSL_CERT_FILE): who ends their connections, where somebody does, else the authorities of the image. No container is given it. */
#define ENGINE_AUTHORITY "/run/bulkhead/etc/engine-authority.pem"

/** Writes ENGINE_AUTHORITY out of an open file, which it closes; -1: it is the image's file of authorities. False with errno. */
bool write_authority(int file);

#endif
