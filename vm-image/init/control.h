#ifndef BULKHEAD_CONTROL_H
#define BULKHEAD_CONTROL_H

#include <stdbool.h>

#include "protocol.h"
#include "services.h"

/**
 * Reads what DAEMON has sent and does it. True when it asked for power-off. The socket's end or a DAEMON that does not read its answers
 * leads to its being killed, which leads to its restart: then it asks for the state anew and misses nothing.
 */
bool control_serve(struct services *services, struct line_buffer *input);

/** Tells DAEMON, if there is one, that a service has ended with wait(2) status `status`. */
void control_report_exit(struct services *services, enum service_index index, pid_t pid, int status);

/** Tells it likewise that the process of start_data_trim() has ended. */
void control_report_trim(struct services *services, int status);

#endif
