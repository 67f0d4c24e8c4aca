#ifndef BULKHEAD_EGRESS_DOORS_H
#define BULKHEAD_EGRESS_DOORS_H

#include "relay.h"

/** Who has come to the door and not yet said, in a line, what for. */
void doors_accept(void);
void doors_event(uint32_t which);
/** Those who say nothing. */
void doors_look(int64_t now);

#endif
