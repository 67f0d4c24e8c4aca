#ifndef BULKHEAD_SUPERVISE_H
#define BULKHEAD_SUPERVISE_H

#include "services.h"

/** Blocks the signals that supervise() takes from a descriptor. Call it before the first service starts, so that no SIGCHLD is missed. */
int open_signals(void);

enum stop_reason { STOP_REQUESTED, STOP_SIGNALLED };

/**
 * Reaps every child, serves bulkheadd, restarts it; returns when the machine is to stop. A signal is passed on to bulkheadd, whose request then
 * ends this; STOP_SIGNALLED means that there was no bulkheadd to ask, or that it took more than 9 s.
 */
enum stop_reason supervise(struct services *services, int signals);

#endif
