#ifndef BULKHEAD_SUPERVISE_H
#define BULKHEAD_SUPERVISE_H

#include "services.h"

/** Blocks the signals that supervise() takes from a descriptor. Call it before the first service starts, so that no SIGCHLD is missed. */
int open_signals(void);

/** Reaps every child, serves bulkheadd, restarts it; returns when the machine is to stop, by request or by SIGTERM. */
void supervise(struct services *services, int signals);

#endif
