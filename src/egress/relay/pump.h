#ifndef BULKHEAD_EGRESS_PUMP_H
#define BULKHEAD_EGRESS_PUMP_H

#include "connection.h"

/** A connection that moves nothing yet. */
void pump_begin(struct connection *connection);
/** What it still holds is gone; it has no turn any more. */
void pump_end(struct connection *connection);
/** It may have something to move: it has its turn, behind others of its address, which has its turn behind other addresses. */
void pump_soon(struct connection *connection);
/** Whether what is in a pipe of it has not moved for so long that somebody else should have the pipe. Asked of each from time to time. */
bool pump_is_stuck(struct connection *connection, int64_t now);
/** Gives some turns. False: nobody has anything to move. */
bool pump_turns(void);

#endif
