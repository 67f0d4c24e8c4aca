#ifndef BULKHEAD_RELAY_BUFFER_H
#define BULKHEAD_RELAY_BUFFER_H

#include <stddef.h>

#define RELAY_BUFFER_SIZE (256 * 1024)

/** Bytes on their way in one direction. */
struct relay_buffer {
    size_t start;
    size_t end;
    char bytes[RELAY_BUFFER_SIZE];
};

enum relay_step { RELAY_MOVED, RELAY_BLOCKED, RELAY_ENDED };

/** Reads from a non-blocking descriptor as much as fits. RELAY_ENDED at its end or on error; RELAY_BLOCKED when nothing is there or nothing fits. */
enum relay_step relay_fill(struct relay_buffer *buffer, int from);

/** Writes to a non-blocking descriptor. RELAY_ENDED when it takes no more for good. */
enum relay_step relay_drain(struct relay_buffer *buffer, int to);

#endif
