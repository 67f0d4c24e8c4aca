#ifndef BULKHEAD_RESTART_H
#define BULKHEAD_RESTART_H

#include <stdint.h>

/** When a program that PID 1 keeps running is to be started again. All times are uptime_ms(). */
struct restart {
    int64_t started;
    int64_t due;   /* of the next start; 0: it runs, or nobody wants it to */
    int64_t pause; /* before the start after the next end */
};

/** Notes that it has been started. */
void restart_started(struct restart *restart, int64_t now);

/** Notes that it has ended: it is due after 1 s, doubling to 30 s; a run of a minute starts over at 1 s. The pause in ms. */
int restart_ended(struct restart *restart, int64_t now);

#endif
