#include "pending.h"

#include <string.h>

static bool is_waiting(const struct pending *entry, int64_t now)
{
    return entry->used && now - entry->since < PENDING_MS;
}

void pending_end(struct pending_table *table, struct pending *entry)
{
    if (entry->used)
        table->counts[entry->party]--;
    entry->used = false;
}

/* Looked at once each, with as many parties as there are. */
static struct pending *find_place(struct pending_table *table, int64_t now)
{
    struct pending *found = &table->entries[0];

    for (size_t i = 0; i < PENDING_LIMIT; i++) {
        struct pending *entry = &table->entries[i];
        if (!is_waiting(entry, now))
            return entry;
        const uint16_t count = table->counts[entry->party], most = table->counts[found->party];
        if (count > most || (count == most && entry->since < found->since))
            found = entry;
    }
    return found;
}

struct pending *pending_add(struct pending_table *table, const struct sockaddr_in *client, size_t party, int64_t now)
{
    struct pending *place = find_place(table, now);

    pending_end(table, place);
    memset(place, 0, sizeof(*place));
    place->used = true;
    place->party = party;
    place->client = *client;
    place->since = now;
    table->counts[party]++;
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
