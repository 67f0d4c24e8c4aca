#ifndef BULKHEAD_LOG_H
#define BULKHEAD_LOG_H

#include <stdint.h>

/**
 * Sends later messages to the kernel log. Before it is called, and in native mode, they go to standard error.
 * At the level used here they pass `quiet`, so they reach the console the host keeps.
 */
void log_to_kernel(void);

/** Writes one line; `format` as printf(3), without newline. Cut at 512 bytes. */
__attribute__((format(printf, 1, 2))) void log_line(const char *format, ...);

/** Milliseconds since the kernel started (CLOCK_BOOTTIME). */
int64_t uptime_ms(void);

#endif
