#ifndef BULKHEAD_APART_H
#define BULKHEAD_APART_H

#include <netinet/in.h>
#include <stdbool.h>

/** The link between the VM's network and the server's, at both ends. */
#define LINK "bulkhead-names"

/**
 * Makes a network namespace in which `names` is, with `vm`, an address of this one, as its only way out, and makes the way there. The thread is in it
 * afterwards; it is gone, with the link, when nobody has a socket of it any more. One that an earlier server has left is replaced.
 * A descriptor of the namespace the thread comes from; -1 with errno.
 *
 * A server in the VM's own namespace would be asked by containers on `--internal` networks as well: Docker's rules forbid them what is forwarded, and not what
 * is for the VM itself.
 */
int go_apart(struct in_addr names, struct in_addr vm);

#endif
