#ifndef BULKHEAD_PENDING_H
#define BULKHEAD_PENDING_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "message.h"

/** Queries that wait for an answer, all together and of one address: no container keeps the others from asking. */
#define PENDING_LIMIT 1024
#define PENDING_OF_ONE 64
/** Milliseconds; clients give up after 5 s (resolv.conf(5)). */
#define PENDING_MS 10000

/** A query that was passed on. */
struct pending {
    bool used;
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
};

/**
 * A place for a query of `client`: a free one; of a client with too many, that of its oldest; when there is none, that of the oldest. Never NULL. Its `used`, `client` and `since` are set.
 */
struct pending *pending_add(struct pending_table *table, const struct sockaddr_in *client, int64_t now);

/** The query that was passed on by `socket` under `id`; NULL where none waits. */
struct pending *pending_find(struct pending_table *table, uint8_t socket, uint16_t id, int64_t now);

#endif
