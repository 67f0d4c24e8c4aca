#include "pending.h"

#include <string.h>

static bool is_waiting(const struct pending *entry, int64_t now)
{
    return entry->used && now - entry->since < PENDING_MS;
}

static bool is_of(const struct pending *entry, struct in_addr address)
{
    return entry->client.sin_addr.s_addr == address.s_addr;
}

static size_t count_of(const struct pending_table *table, struct in_addr address, int64_t now, struct pending const **oldest)
{
    size_t count = 0;

    *oldest = NULL;
    for (size_t i = 0; i < PENDING_LIMIT; i++) {
        const struct pending *entry = &table->entries[i];
        if (!is_waiting(entry, now) || !is_of(entry, address))
            continue;
        count++;
        if (*oldest == NULL || entry->since < (*oldest)->since)
            *oldest = entry;
    }
    return count;
}

/* A free one, else the oldest of all. It stays cheap with as many addresses as there are: a container may lie about its own. */
static struct pending *some_place(struct pending_table *table, int64_t now)
{
    struct pending *oldest = &table->entries[0];

    for (size_t i = 0; i < PENDING_LIMIT; i++) {
        if (!is_waiting(&table->entries[i], now))
            return &table->entries[i];
        if (table->entries[i].since < oldest->since)
            oldest = &table->entries[i];
    }
    return oldest;
}

struct pending *pending_add(struct pending_table *table, const struct sockaddr_in *client, int64_t now)
{
    const struct pending *oldest;
    const size_t count = count_of(table, client->sin_addr, now, &oldest);
    struct pending *place = count >= PENDING_OF_ONE ? &table->entries[oldest - table->entries] : some_place(table, now);

    memset(place, 0, sizeof(*place));
    place->used = true;
    place->client = *client;
    place->since = now;
    return place;
}

struct pending *pending_find(struct pending_table *table, uint8_t socket, uint16_t id, int64_t now)
{
    for (size_t i = 0; i < PENDING_LIMIT; i++) {
        struct pending *entry = &table->entries[i];
        if (is_waiting(entry, now) && entry->socket == socket && entry->id == id)
            return entry;
    }
    return NULL;
}
