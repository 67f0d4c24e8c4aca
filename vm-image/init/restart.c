#include "restart.h"

#define PAUSE_MIN_MS 1000
#define PAUSE_MAX_MS 30000
#define STEADY_MS 60000

void restart_started(struct restart *restart, int64_t now)
{
    restart->started = now;
    restart->due = 0;
}

int restart_ended(struct restart *restart, int64_t now)
{
    const int64_t doubled = 2 * restart->pause;

    if (restart->pause == 0 || now - restart->started >= STEADY_MS)
        restart->pause = PAUSE_MIN_MS;
    else
        restart->pause = doubled < PAUSE_MAX_MS ? doubled : PAUSE_MAX_MS;
    restart->due = now + restart->pause;
    return (int)restart->pause;
}
