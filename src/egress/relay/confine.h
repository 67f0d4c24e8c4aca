#ifndef BULKHEAD_EGRESS_CONFINE_H
#define BULKHEAD_EGRESS_CONFINE_H

#include <stdbool.h>

/** Gives up every right but to connect, and to move bytes between what is open. */
bool confine(void);

#endif
