#ifndef BULKHEAD_EGRESS_NAMES_H
#define BULKHEAD_EGRESS_NAMES_H

#include "relay.h"

/** Takes what waits at a socket for questions, of it so many at a time. Without a gateway, and when there are too many, they are dropped, as any network may. */
void names_take(int socket);
/** Sends an answer, from the address that was asked; one to a question that has been forgotten goes nowhere. */
void names_answer(uint64_t id, const char *bytes, size_t length);
void names_forget_all(void);
/** Those nobody answers. */
void names_look(int64_t now);
void names_begin(void);

#endif
