#ifndef BULKHEAD_PENDING_H
#define BULKHEAD_PENDING_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "message.h"
#include "party.h"

/** Queries that wait for an answer, of all together. */
#define PENDING_LIMIT 1024
/** Milliseconds; clients give up after 5 s (resolv.conf(5)). */
#define PENDING_MS 10000

/** A query that was passed on. */
struct pending {
    bool used;
    size_t party;        /* who asked (party.h) */
    uint8_t socket;      /* by which it was passed on, */
    uint16_t id;         /* and under which id */
    uint16_t client_id;  /* that of the query, in network order as all ids */
    struct sockaddr_in client;
    int64_t since;       /* ms */
    size_t question_length;
    uint8_t question[QUESTION_LIMIT];
};

struct pending_table {
    struct pending entries[PENDING_LIMIT];
    uint16_t counts[PARTY_COUNT]; /* of entries that are used, by party */
};

/**
 * A place for a query of `client`, who is of `party`: a free one, else that of the oldest query of the party that has most. So no party keeps another from asking,
 * which has its part of the table at any time. Never NULL. Its `used`, `party`, `client` and `since` are set.
 */
struct pending *pending_add(struct pending_table *table, const struct sockaddr_in *client, size_t party, int64_t now);

/** The query that was passed on by `socket` under `id`; NULL where none waits. */
struct pending *pending_find(struct pending_table *table, uint8_t socket, uint16_t id, int64_t now);

/** It has its answer: the place is free. */
void pending_end(struct pending_table *table, struct pending *entry);

#endif
