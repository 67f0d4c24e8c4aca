#ifndef BULKHEAD_EGRESS_CONTROL_H
#define BULKHEAD_EGRESS_CONTROL_H

#include "relay.h"

/*
 * What relay and gateway say to each other (src/egress/relay-wire.ts has the same): lines of words with one space between, some followed by as many bytes as
 * their last number says. ID is a number the relay gives; an ID that has ended is no error, because the end may cross with what was said of it.
 *
 * from the relay                              | to the relay
 * hello 1 CONNECTIONS     it may have so many |
 * open ID SRC SPORT DST DPORT                 | dial ID ADDRESS PORT [hold]   hold: until `release`, nothing of the client's goes on
 * connected ID                                | release ID
 * failed ID ERRNO         may be dialed again | peek ID BEYOND                to be told when the client has sent more than so many bytes
 * peeked ID more|all LENGTH and bytes         | reset ID
 * closed ID OUT IN        bytes to, from the world; the last of each ID
 * query ID SRC SPORT DST LENGTH and bytes     | answer ID LENGTH and bytes    a datagram with a question for names, and its answer
 * refused COUNT           too many at once    |
 * ping NUMBER                                 | pong NUMBER
 *
 * Each connection of the gateway's to the relay begins with a line: `control 1` of the one on which this is said, `stream ID` of one that becomes the
 * other side of a connection, `held ID` of one that becomes it with `hold`.
 */

void control_hello(void);
void control_open(uint64_t id, const union address *from, const union address *to);
void control_connected(uint64_t id);
void control_failed(uint64_t id, int error);
void control_peeked(uint64_t id, const char *bytes, size_t length, bool all);
void control_closed(uint64_t id, uint64_t out, uint64_t in);
void control_query(uint64_t id, const union address *from, const union address *to, const char *bytes, size_t length);
void control_refused(uint32_t count);
void control_ping(uint64_t number);

/** Carries out the message at the beginning of what came; the bytes of it, 0 where it is not all there, -1 where it is none. */
long control_take(const char *bytes, size_t length);
/** Carries out the first line of a new connection, whose descriptor it then has. False: it is nothing that is known. */
bool control_first_line(const char *line, int descriptor);

#endif
