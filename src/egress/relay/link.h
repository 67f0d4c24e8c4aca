#ifndef BULKHEAD_EGRESS_RELAY_LINK_H
#define BULKHEAD_EGRESS_RELAY_LINK_H

#include "relay.h"

/** The one connection with the gateway. While there is none, or the gateway does not answer, nothing of anybody is let through. */
bool link_is_up(void);
/** Begins with this socket; false where there is a gateway already. */
bool link_begin(int descriptor);
/** Something has happened at it. */
void link_event(uint32_t events);
/** Cuts it, and with it every connection. */
void link_cut(void);
/** Writes what waits; called once after each round of events. */
void link_flush(void);
/** Asks the gateway, from time to time, whether it is alive; one that is not is cut. */
void link_look(int64_t now);
/** The gateway has answered. */
void link_alive(uint64_t number);

/** Adds bytes for the gateway. One that does not read them is cut. */
void link_write(const void *bytes, size_t length);
/** Whether there is room enough to take something new, of which the gateway would have to be told. */
bool link_has_room(void);

#endif
