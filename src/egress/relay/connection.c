#include "connection.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control.h"
#include "link.h"
#include "pump.h"
#include "sources.h"

/* For a decision, and for a dial. */
#ifndef ANSWER_MS
#define ANSWER_MS 30000
#endif
/* Taken of a listener before others have their turn. */
#define ACCEPTED_AT_ONCE 64
/* As much as the gateway looks at (first-bytes/types.ts): a ClientHello with large keys is some 20 KB. */
#define PEEK_MOST TOLD_MOST
/* What is open beside connections and pipes. */
#define OTHER_FILES 256
#define UNDECIDED 2048

#define EVENTS (EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET)

static struct connection connections[CONNECTIONS];
static uint32_t most;
/* The free ones, the longest unused first: an id that comes late then means nobody. */
static uint32_t first_free = NO_CONNECTION, last_free = NO_CONNECTION;
static uint32_t highest;
static uint64_t opened;
static uint32_t refused;
static bool peeks_wait;

/* Two descriptors each, and what is left is for pipes: for one connection in four, of two. */
void connections_limit(uint64_t files)
{
    const uint64_t left = files > OTHER_FILES ? files - OTHER_FILES : 0;
    const uint64_t possible = left * 2 / 5;

    most = possible < CONNECTIONS ? (uint32_t)possible : CONNECTIONS;
    sources_limit(HELD_CONNECTIONS, most);
    sources_limit(HELD_UNDECIDED, UNDECIDED);
    const uint64_t pipes = (left - 2 * (uint64_t)most) / 2;
    sources_limit(HELD_PIPES, pipes < CONNECTIONS ? (uint32_t)pipes : CONNECTIONS);
}

uint32_t connections_most(void)
{
    return most;
}

struct connection *connection_at(uint32_t index)
{
    return &connections[index];
}

uint32_t connection_index(const struct connection *connection)
{
    return (uint32_t)(connection - connections);
}

struct connection *connection_of(uint64_t id)
{
    struct connection *connection = &connections[id % CONNECTIONS];

    return connection->state != FREE && connection->id == id ? connection : NULL;
}

static struct connection *take_free(void)
{
    uint32_t index = first_free;

    if (index != NO_CONNECTION) {
        first_free = connections[index].next;
        if (first_free == NO_CONNECTION)
            last_free = NO_CONNECTION;
    } else {
        index = highest++;
    }
    struct connection *connection = &connections[index];
    memset(connection, 0, sizeof(*connection));
    connection->id = ++opened * CONNECTIONS + index;
    connection->upstream = -1;
    connection->next = NO_CONNECTION;
    pump_begin(connection);
    return connection;
}

static void put_free(struct connection *connection)
{
    const uint32_t index = connection_index(connection);

    connection->state = FREE;
    connection->next = NO_CONNECTION;
    if (last_free == NO_CONNECTION)
        first_free = index;
    else
        connections[last_free].next = index;
    last_free = index;
}

static void close_by_reset(int descriptor)
{
    const struct linger none = {.l_onoff = 1, .l_linger = 0};

    if (descriptor < 0)
        return;
    setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
    close(descriptor);
}

static void set(int descriptor, int level, int option)
{
    const int on = 1;

    setsockopt(descriptor, level, option, &on, sizeof(on));
}

/* No byte waits for others, and a side that has gone without a word is noticed, some time. */
static void tune(int descriptor)
{
    set(descriptor, IPPROTO_TCP, TCP_NODELAY);
    set(descriptor, SOL_SOCKET, SO_KEEPALIVE);
}

static void drop(struct connection *connection, bool by_reset)
{
    pump_end(connection);
    if (by_reset) {
        close_by_reset(connection->client);
        close_by_reset(connection->upstream);
    } else {
        close(connection->client);
        close(connection->upstream);
    }
    if (connection->state != JOINED)
        source_give_back(connection->source, HELD_UNDECIDED);
    source_give_back(connection->source, HELD_CONNECTIONS);
    put_free(connection);
}

void connection_reset(struct connection *connection)
{
    control_closed(connection->id, connection->out.moved, connection->in.moved);
    drop(connection, true);
}

void connection_close(struct connection *connection)
{
    control_closed(connection->id, connection->out.moved, connection->in.moved);
    drop(connection, false);
}

void connections_cut_all(void)
{
    for (uint32_t index = 0; index < highest; index++)
        if (connections[index].state != FREE)
            drop(&connections[index], true);
}

uint32_t connections_refused(void)
{
    const uint32_t since = refused;

    refused = 0;
    return since;
}

/* Counts it as its address's; false where that has too many. */
static bool admit(const union address *from, uint32_t *source)
{
    *source = source_of(from);
    if (*source == NO_SOURCE)
        return false;
    if (!source_take(*source, HELD_CONNECTIONS)) {
        source_forget_unused(*source);
        return false;
    }
    if (!source_take(*source, HELD_UNDECIDED)) {
        source_give_back(*source, HELD_CONNECTIONS);
        return false;
    }
    return true;
}

static void begin(int client, const union address *from)
{
    union address to;
    socklen_t length = sizeof(to);
    uint32_t source;

    /* it is transparent, so its own address is that the client asked for */
    if (getsockname(client, &to.any, &length) != 0 || !admit(from, &source)) {
        refused++;
        close_by_reset(client);
        return;
    }
    struct connection *connection = take_free();
    connection->state = ASKED;
    connection->client = client;
    connection->source = source;
    connection->deadline = now_ms() + ANSWER_MS;
    tune(client);
    control_open(connection->id, from, &to);
    if (!watch(client, EVENTS, AT_CLIENT, connection_index(connection)))
        connection_reset(connection);
}

void connections_accept(int listener, bool tell)
{
    for (int i = 0; i < ACCEPTED_AT_ONCE; i++) {
        union address from;
        socklen_t length = sizeof(from);
        const int client = accept4(listener, &from.any, &length, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (client < 0 && errno != ECONNABORTED)
            return;
        if (client >= 0 && tell)
            begin(client, &from);
        else if (client >= 0)
            close_by_reset(client);
    }
}

/*
 * Tells what there is of the client's, once it is more than was told before. Threat: many clients whose beginnings are long, together more than the link holds,
 * which would be cut for it, and all others with it: what there is no room for waits.
 */
static void peek(struct connection *connection)
{
    static char bytes[PEEK_MOST];

    connection->peek_waits = !link_has_room();
    if (connection->peek_waits) {
        peeks_wait = true;
        return;
    }
    const ssize_t got = recv(connection->client, bytes, sizeof(bytes), MSG_PEEK | MSG_DONTWAIT);

    if (got < 0 && errno == EAGAIN)
        return;
    if (got < 0) {
        connection_reset(connection);
        return;
    }
    /* more than this never comes, so it says all there is */
    const bool all = (size_t)got <= connection->peek_beyond;
    if (all && !connection->client_ended)
        return;
    connection->peek_wanted = false;
    told_remember(&connection->told, bytes, (size_t)got);
    control_peeked(connection->id, bytes, (size_t)got, all || (size_t)got == sizeof(bytes));
}

void connection_peek(struct connection *connection, size_t beyond)
{
    connection->peek_wanted = true;
    connection->peek_beyond = beyond < PEEK_MOST ? beyond : PEEK_MOST - 1;
    peek(connection);
}

void connections_told(void)
{
    if (!peeks_wait || !link_has_room())
        return;
    peeks_wait = false;
    for (uint32_t index = 0; index < highest; index++)
        if (connections[index].state != FREE && connections[index].peek_waits)
            peek(&connections[index]);
}

static void join(struct connection *connection)
{
    connection->state = JOINED;
    source_give_back(connection->source, HELD_UNDECIDED);
    control_connected(connection->id);
    connection->in.readable = connection->out.writable = true;
    pump_soon(connection);
}

static void failed(struct connection *connection, int error)
{
    if (connection->upstream >= 0)
        close(connection->upstream);
    connection->upstream = -1;
    connection->state = ASKED;
    connection->deadline = now_ms() + ANSWER_MS;
    control_failed(connection->id, error);
}

void connection_dial(struct connection *connection, const union address *to, bool hold)
{
    if (connection->state != ASKED) {
        connection_reset(connection);
        return;
    }
    connection->held = hold;
    connection->upstream = socket(to->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (connection->upstream < 0) {
        failed(connection, errno);
        return;
    }
    tune(connection->upstream);
    connection->state = DIALING;
    connection->deadline = now_ms() + ANSWER_MS;
    if (connect(connection->upstream, &to->any, address_length(to)) != 0 && errno != EINPROGRESS)
        failed(connection, errno);
    else if (!watch(connection->upstream, EVENTS, AT_UPSTREAM, connection_index(connection)))
        failed(connection, errno);
}

void connection_release(struct connection *connection)
{
    connection->held = false;
    if (connection->state == JOINED)
        pump_soon(connection);
}

bool connection_join(struct connection *connection, int upstream, bool hold)
{
    if (connection->state != ASKED)
        return false;
    connection->upstream = upstream;
    connection->held = hold;
    if (!watch_otherwise(upstream, EVENTS, AT_UPSTREAM, connection_index(connection))) {
        connection->upstream = -1;
        return false;
    }
    join(connection);
    return true;
}

static void dialed(struct connection *connection)
{
    union address to;
    int error = 0;
    socklen_t length = sizeof(error), to_length = sizeof(to);

    if (getsockopt(connection->upstream, SOL_SOCKET, SO_ERROR, &error, &length) != 0)
        error = errno;
    /* told of the one before, which failed */
    if (error == 0 && getpeername(connection->upstream, &to.any, &to_length) != 0)
        return;
    if (error != 0)
        failed(connection, error);
    else
        join(connection);
}

void connection_event(uint32_t index, bool at_client, uint32_t events)
{
    struct connection *connection = &connections[index];
    struct direction *from_it = at_client ? &connection->out : &connection->in;
    struct direction *to_it = at_client ? &connection->in : &connection->out;

    /* an event of a descriptor that was closed since is told no more, but one in the same batch was already */
    if (connection->state == FREE || (!at_client && connection->upstream < 0))
        return;
    if (!at_client && connection->state == DIALING) {
        if ((events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) != 0)
            dialed(connection);
        return;
    }
    if ((events & EPOLLERR) != 0 || ((events & EPOLLHUP) != 0 && connection->state != JOINED)) {
        connection_reset(connection);
        return;
    }
    if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP)) != 0)
        from_it->readable = true;
    if ((events & (EPOLLOUT | EPOLLHUP)) != 0)
        to_it->writable = true;
    if (at_client && (events & EPOLLRDHUP) != 0)
        connection->client_ended = true;
    if (at_client && connection->peek_wanted) {
        peek(connection);
        if (connection->state == FREE)
            return;
    }
    if (connection->state == JOINED)
        pump_soon(connection);
}

void connections_look(int64_t now)
{
    const bool starve = sources_starve();

    for (uint32_t index = 0; index < highest; index++) {
        struct connection *connection = &connections[index];
        if (connection->state == JOINED && pump_is_stuck(connection, now) && starve && source_has_too_much(connection->source))
            connection_reset(connection);
        if ((connection->state != ASKED && connection->state != DIALING) || connection->deadline > now)
            continue;
        if (connection->state == DIALING)
            failed(connection, ETIMEDOUT);
        else
            connection_reset(connection);
    }
}
