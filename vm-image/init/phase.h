#ifndef BULKHEAD_PHASE_H
#define BULKHEAD_PHASE_H

#include <stdbool.h>

#define PHASE_PORT "org.bulkhead.phase"

/** Takes `descriptor` as the place phases are written to, as JSON lines (docs/architecture.md, "Phases"). -1: phases are only logged. */
void phase_open(int descriptor);

/** The descriptor given to phase_open. */
int phase_descriptor(void);

/** Reports that `name` is reached now. Waits at most 1 s for the host to take it: a host that does not read must not stop the boot. */
void phase_report(const char *name);

/** Reports a failure; `detail` is any text. */
void phase_failure(const char *code, const char *detail);

#endif
