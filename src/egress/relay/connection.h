#ifndef BULKHEAD_EGRESS_CONNECTION_H
#define BULKHEAD_EGRESS_CONNECTION_H

#include "relay.h"
#include "told.h"

/* The limit of open files says how many of these there can be (connections_limit). */
#define CONNECTIONS 16384
#define NO_CONNECTION UINT32_MAX

enum state {
    FREE,
    ASKED,   /* the gateway has been told of it */
    DIALING, /* and has said where to */
    JOINED,
};

/* One way of a connection. */
struct direction {
    int pipe[2];      /* only while something waits in it */
    size_t waiting;   /* bytes in the pipe */
    uint64_t moved;
    uint64_t moved_before; /* when it was looked at last */
    int64_t stuck_since;   /* nothing has left its pipe since; only while it has one */
    bool readable;    /* the source may have something */
    bool writable;    /* the destination may take something */
    bool ended;       /* the source has said its last */
    bool shut;        /* and the destination was told */
};

struct connection {
    uint64_t id;
    enum state state;
    int client;
    int upstream;
    bool held;          /* nothing of the client's goes on before the gateway has said so */
    bool client_ended;  /* its last has come, if not been read */
    bool peek_wanted;
    bool peek_waits;    /* for the gateway to read what it was told */
    size_t peek_beyond; /* told as soon as there is more than this */
    struct told told;   /* of the client's */
    int64_t deadline;   /* of ASKED and DIALING */
    uint32_t source;
    uint32_t next;      /* of those that have something to move, or wait for a pipe */
    bool queued;
    bool starved;
    struct direction out; /* from the client */
    struct direction in;
};

/** How many there may be at once, and pipes for them, by the limit of open files. */
void connections_limit(uint64_t files);
uint32_t connections_most(void);

struct connection *connection_at(uint32_t index);
uint32_t connection_index(const struct connection *connection);
/** By what the gateway calls it; NULL: it has ended. */
struct connection *connection_of(uint64_t id);

/** Takes what waits at a listener, of it so many at a time. `tell`: the gateway is there; without it all are refused. */
void connections_accept(int listener, bool tell);
/** Since the last time it was asked: those that were too many. */
uint32_t connections_refused(void);

/** Something has happened at one side of it. */
void connection_event(uint32_t index, bool at_client, uint32_t events);

/** What the gateway says of one. */
void connection_dial(struct connection *connection, const union address *to, bool hold);
void connection_release(struct connection *connection);
void connection_peek(struct connection *connection, size_t beyond);
/** A stream of the gateway's own becomes its other side; false where it has one. */
bool connection_join(struct connection *connection, int upstream, bool hold);
/** Cuts it, at both sides by a reset, and tells the gateway. */
void connection_reset(struct connection *connection);
/** Ends it as both sides have. */
void connection_close(struct connection *connection);

/** The gateway has gone: nobody answers for any of them. */
void connections_cut_all(void);
/** The gateway may have read: what waited for that is told. Called after each flush of the link. */
void connections_told(void);
/** Those nobody has decided of in time, and those whose reader does not read while others wait for a pipe. */
void connections_look(int64_t now);

#endif
