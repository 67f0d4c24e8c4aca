/*
 * Bytes go from socket to socket in the kernel (splice(2)), through a pipe that a direction has only while something waits in it: 5,000 connections without
 * traffic have no pipe. Addresses take turns, and of each its connections: one that sends by a hundred gets what one that sends by a single one does.
 */
#include "pump.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sources.h"

/* Measured (test/bench/egress.ts): smaller ones cost a fifth of the throughput, larger ones bring nothing. */
#define PIPE_SIZE (256 * 1024)
/* Of one direction before others have their turn. */
#define TURN_BYTES (1024 * 1024)
/* Turns before events are looked at again. */
#define TURNS 16
/* A reader that takes nothing for so long. */
#ifndef STUCK_MS
#define STUCK_MS 60000
#endif
/* Pipes that are kept though nobody has them. */
#define SPARE 32

static int spare[SPARE][2];
static size_t spares;
/* Addresses with turns: a list by number. */
static uint32_t first_source = NO_SOURCE, last_source = NO_SOURCE;
/* Somebody got no pipe because there were no more, for whoever. */
static bool exhausted;

void pump_begin(struct connection *connection)
{
    connection->in.pipe[0] = connection->in.pipe[1] = -1;
    connection->out.pipe[0] = connection->out.pipe[1] = -1;
}

static void queue_source(uint32_t source)
{
    struct turns *turns = source_turns(source);

    if (turns->queued)
        return;
    turns->queued = true;
    turns->next_source = NO_SOURCE;
    if (last_source == NO_SOURCE)
        first_source = source;
    else
        source_turns(last_source)->next_source = source;
    last_source = source;
}

void pump_soon(struct connection *connection)
{
    struct turns *turns = source_turns(connection->source);
    const uint32_t index = connection_index(connection);

    if (connection->queued || connection->starved)
        return;
    connection->queued = true;
    connection->next = NO_CONNECTION;
    if (turns->last == NO_CONNECTION)
        turns->first = index;
    else
        connection_at(turns->last)->next = index;
    turns->last = index;
    queue_source(connection->source);
}

static void starve(struct connection *connection)
{
    struct turns *turns = source_turns(connection->source);

    if (connection->starved || connection->queued)
        return;
    connection->starved = true;
    connection->next = turns->starved;
    turns->starved = connection_index(connection);
}

static void feed(uint32_t source)
{
    struct turns *turns = source_turns(source);

    if (turns->starved == NO_CONNECTION)
        return;
    struct connection *connection = connection_at(turns->starved);
    turns->starved = connection->next;
    connection->starved = false;
    pump_soon(connection);
}

static bool get_pipe(struct direction *direction, uint32_t source)
{
    if (direction->pipe[0] >= 0)
        return true;
    if (!source_take(source, HELD_PIPES)) {
        exhausted = true;
        return false;
    }
    if (spares > 0) {
        spares--;
        direction->pipe[0] = spare[spares][0];
        direction->pipe[1] = spare[spares][1];
        return true;
    }
    if (pipe2(direction->pipe, O_CLOEXEC | O_NONBLOCK) != 0) {
        direction->pipe[0] = direction->pipe[1] = -1;
        source_give_back(source, HELD_PIPES);
        exhausted = true;
        return false;
    }
    /* a smaller one does as well */
    fcntl(direction->pipe[1], F_SETPIPE_SZ, PIPE_SIZE);
    return true;
}

/* Who waited for one is fed: of the same address, and where there was none for anybody, of each. */
static void put_pipe(struct direction *direction, uint32_t source)
{
    if (direction->pipe[0] < 0)
        return;
    if (direction->waiting == 0 && spares < SPARE) {
        spare[spares][0] = direction->pipe[0];
        spare[spares][1] = direction->pipe[1];
        spares++;
    } else {
        close(direction->pipe[0]);
        close(direction->pipe[1]);
    }
    direction->pipe[0] = direction->pipe[1] = -1;
    direction->waiting = 0;
    feed(source);
    source_give_back(source, HELD_PIPES);
    if (!exhausted)
        return;
    exhausted = false;
    for (uint32_t other = 0; other < sources_end(); other++)
        feed(other);
}

static void leave_list(struct connection *connection, uint32_t *first, uint32_t *last)
{
    const uint32_t index = connection_index(connection);
    uint32_t before = NO_CONNECTION;

    for (uint32_t at = *first; at != index; at = connection_at(at)->next)
        before = at;
    if (before == NO_CONNECTION)
        *first = connection->next;
    else
        connection_at(before)->next = connection->next;
    if (last != NULL && *last == index)
        *last = before;
}

void pump_end(struct connection *connection)
{
    struct turns *turns = source_turns(connection->source);

    if (connection->queued)
        leave_list(connection, &turns->first, &turns->last);
    if (connection->starved)
        leave_list(connection, &turns->starved, NULL);
    /* nothing is fed by this: it has no turn any more, and others have theirs */
    connection->queued = connection->starved = false;
    put_pipe(&connection->in, connection->source);
    put_pipe(&connection->out, connection->source);
}

enum moved { WAITS, GOES_ON, WANTS_PIPE, BROKEN };

/* Into the pipe, as a copy that is nobody else's. It has come all, and the pipe is empty. */
static ssize_t take_told(int from, int to, struct told *told)
{
    char bytes[TOLD_BLOCK];
    const size_t length = told_next(told);

    for (size_t got = 0; got < length;) {
        const ssize_t more = recv(from, bytes + got, length - got, MSG_DONTWAIT);
        if (more <= 0)
            return 0;
        got += (size_t)more;
    }
    return told_pass(told, bytes) && write(to, bytes, length) == (ssize_t)length ? (ssize_t)length : 0;
}

/* One step: from the pipe, or into it. */
static enum moved step(struct direction *direction, int from, int to, struct told *told, uint32_t source)
{
    if (direction->waiting > 0) {
        const ssize_t put = splice(direction->pipe[0], NULL, to, NULL, direction->waiting, SPLICE_F_NONBLOCK | SPLICE_F_MOVE);
        if (put < 0 && errno == EAGAIN)
            direction->writable = false;
        else if (put <= 0)
            return BROKEN;
        else {
            direction->waiting -= (size_t)put;
            direction->moved += (uint64_t)put;
        }
        return put > 0 ? GOES_ON : WAITS;
    }
    if (direction->ended || !direction->readable)
        return WAITS;
    if (!get_pipe(direction, source))
        return WANTS_PIPE;
    if (told != NULL && told_next(told) > 0) {
        direction->waiting = (size_t)take_told(from, direction->pipe[1], told);
        return direction->waiting > 0 ? GOES_ON : BROKEN;
    }
    const ssize_t got = splice(from, NULL, direction->pipe[1], NULL, PIPE_SIZE, SPLICE_F_NONBLOCK | SPLICE_F_MOVE);
    if (got < 0 && errno == EAGAIN)
        direction->readable = false;
    else if (got < 0)
        return BROKEN;
    else if (got == 0)
        direction->ended = true;
    else
        direction->waiting = (size_t)got;
    return got > 0 ? GOES_ON : WAITS;
}

/* Whether there is more to move at once is in `more`; false: the connection is broken. */
static bool move(struct connection *connection, struct direction *direction, int from, int to, bool *more)
{
    const uint64_t before = direction->moved;
    enum moved moved = direction->writable ? GOES_ON : WAITS;

    while (moved == GOES_ON && direction->writable && direction->moved - before < TURN_BYTES)
        moved = step(direction, from, to, direction == &connection->out ? &connection->told : NULL, connection->source);
    if (moved == BROKEN)
        return false;
    if (direction->waiting == 0) {
        put_pipe(direction, connection->source);
        if (direction->ended && !direction->shut) {
            direction->shut = true;
            if (shutdown(to, SHUT_WR) != 0)
                return false;
        }
    }
    if (moved == WANTS_PIPE)
        starve(connection);
    else if (moved == GOES_ON && direction->writable)
        *more = true;
    return true;
}

static void turn(struct connection *connection)
{
    bool more = false;

    if (connection->state != JOINED)
        return;
    if (!move(connection, &connection->in, connection->upstream, connection->client, &more) ||
        (!connection->held && !move(connection, &connection->out, connection->client, connection->upstream, &more))) {
        connection_reset(connection);
        return;
    }
    if (connection->in.shut && connection->out.shut) {
        connection_close(connection);
        return;
    }
    if (more)
        pump_soon(connection);
}

static bool is_stuck(struct direction *direction, int64_t now)
{
    if (direction->pipe[0] < 0 || direction->moved != direction->moved_before || direction->stuck_since == 0) {
        direction->moved_before = direction->moved;
        direction->stuck_since = direction->pipe[0] < 0 ? 0 : now;
    }
    return direction->stuck_since != 0 && now - direction->stuck_since >= STUCK_MS;
}

bool pump_is_stuck(struct connection *connection, int64_t now)
{
    const bool in = is_stuck(&connection->in, now), out = is_stuck(&connection->out, now);

    return in || out;
}

bool pump_turns(void)
{
    for (int i = 0; i < TURNS && first_source != NO_SOURCE; i++) {
        const uint32_t source = first_source;
        struct turns *turns = source_turns(source);
        first_source = turns->next_source;
        if (first_source == NO_SOURCE)
            last_source = NO_SOURCE;
        turns->queued = false;
        if (turns->first == NO_CONNECTION) {
            source_forget_unused(source);
            continue;
        }
        struct connection *connection = connection_at(turns->first);
        turns->first = connection->next;
        if (turns->first == NO_CONNECTION)
            turns->last = NO_CONNECTION;
        connection->queued = false;
        /* before its turn, which may be its last */
        if (turns->first != NO_CONNECTION)
            queue_source(source);
        turn(connection);
    }
    return first_source != NO_SOURCE;
}
