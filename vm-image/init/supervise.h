#ifndef BULKHEAD_SUPERVISE_H
#define BULKHEAD_SUPERVISE_H

#include "services.h"

/** Blocks the signals that supervise() takes from a descriptor. Call it before the first service starts, so that no SIGCHLD is missed. */
int open_signals(void);

enum stop_reason { STOP_REQUESTED, STOP_SIGNALLED };

/** Reaps every child, serves bulkheadd, restarts it; returns when the machine is to stop, by bulkheadd's request or by a signal. */
enum stop_reason supervise(struct services *services, int signals);

#endif
