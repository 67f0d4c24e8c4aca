#include "relay_buffer.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum relay_step relay_fill(struct relay_buffer *buffer, int from)
{
    if (buffer->start == buffer->end)
        buffer->start = buffer->end = 0;
    /* Room at the front is reclaimed when it is half of all: the port takes 32 KiB a write, and moving the rest after each would cost more than it gives. */
    if (buffer->end == sizeof(buffer->bytes) && buffer->start >= sizeof(buffer->bytes) / 2) {
        memmove(buffer->bytes, buffer->bytes + buffer->start, buffer->end - buffer->start);
        buffer->end -= buffer->start;
        buffer->start = 0;
    }
    if (buffer->end == sizeof(buffer->bytes))
        return RELAY_BLOCKED;
    ssize_t got = read(from, buffer->bytes + buffer->end, sizeof(buffer->bytes) - buffer->end);
    if (got < 0)
        return errno == EAGAIN || errno == EINTR ? RELAY_BLOCKED : RELAY_ENDED;
    if (got == 0)
        return RELAY_ENDED;
    buffer->end += (size_t)got;
    return RELAY_MOVED;
}

enum relay_step relay_drain(struct relay_buffer *buffer, int to)
{
    if (buffer->start == buffer->end)
        return RELAY_BLOCKED;
    ssize_t written = write(to, buffer->bytes + buffer->start, buffer->end - buffer->start);
    if (written < 0)
        return errno == EAGAIN || errno == EINTR ? RELAY_BLOCKED : RELAY_ENDED;
    buffer->start += (size_t)written;
    return RELAY_MOVED;
}
