#include "sources.h"

#include <string.h>

/* Threat: every connection and every question of another address, each of another network. There are entries for all. */
#define ENTRIES 65536
#define BUCKETS 8192
#define NOBODY UINT32_MAX

/* Networks the engine gives out from there are small (vm-image/name-server/party.c). */
#define SMALL_NETWORKS 0xc0a80000U
#define HALF 0xffff0000U
#define SMALL 0xfffff000U

struct key {
    uint8_t bytes[16];
    uint8_t family;
    bool network;
};

struct entry {
    struct key key;
    uint32_t held[HELD_KINDS];
    uint32_t network; /* of an address: the entry of its network */
    uint32_t users;   /* of a network: the addresses it has entries of */
    uint32_t next;    /* in the bucket, or of those that are free */
    struct turns turns;
};

static struct entry entries[ENTRIES];
static uint32_t buckets[BUCKETS];
static uint32_t unused = NOBODY;
static uint32_t highest;
static uint32_t limits[HELD_KINDS];
static uint32_t in_all[HELD_KINDS];
static bool ready;

void sources_limit(enum held kind, uint32_t most)
{
    limits[kind] = most;
    if (!ready)
        memset(buckets, 0xff, sizeof(buckets));
    ready = true;
}

static struct key key_of(const union address *address, bool network)
{
    struct key key;

    memset(&key, 0, sizeof(key));
    key.network = network;
    if (address->any.sa_family == AF_INET) {
        const uint32_t whole = ntohl(address->four.sin_addr.s_addr);
        const uint32_t part = htonl(!network ? whole : (whole & HALF) == SMALL_NETWORKS ? whole & SMALL : whole & HALF);
        key.family = 4;
        memcpy(key.bytes, &part, sizeof(part));
    } else {
        key.family = 6;
        memcpy(key.bytes, &address->six.sin6_addr, network ? 8 : 16);
    }
    return key;
}

static uint32_t bucket_of(const struct key *key)
{
    uint32_t hash = 2166136261U ^ key->family ^ (key->network ? 256U : 0U);

    for (size_t i = 0; i < sizeof(key->bytes); i++)
        hash = (hash ^ key->bytes[i]) * 16777619U;
    return hash % BUCKETS;
}

static bool same(const struct key *a, const struct key *b)
{
    return a->family == b->family && a->network == b->network && memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

static uint32_t find(const struct key *key)
{
    const uint32_t bucket = bucket_of(key);

    for (uint32_t at = buckets[bucket]; at != NOBODY; at = entries[at].next)
        if (same(&entries[at].key, key))
            return at;
    uint32_t at = unused;
    if (at != NOBODY)
        unused = entries[at].next;
    else if (highest < ENTRIES)
        at = highest++;
    else
        return NOBODY;
    memset(&entries[at], 0, sizeof(entries[at]));
    entries[at].key = *key;
    entries[at].network = NOBODY;
    entries[at].next = buckets[bucket];
    entries[at].turns = (struct turns){.first = NOBODY, .last = NOBODY, .next_source = NOBODY, .starved = NOBODY};
    buckets[bucket] = at;
    return at;
}

static bool is_idle(const struct entry *entry)
{
    for (size_t kind = 0; kind < HELD_KINDS; kind++)
        if (entry->held[kind] != 0)
            return false;
    return entry->users == 0 && !entry->turns.queued;
}

static void forget(uint32_t at)
{
    uint32_t *link = &buckets[bucket_of(&entries[at].key)];

    if (!is_idle(&entries[at]))
        return;
    while (*link != at)
        link = &entries[*link].next;
    *link = entries[at].next;
    entries[at].next = unused;
    unused = at;
    if (entries[at].network != NOBODY) {
        entries[entries[at].network].users--;
        forget(entries[at].network);
    }
}

uint32_t source_of(const union address *address)
{
    const struct key own = key_of(address, false), network = key_of(address, true);
    const uint32_t source = find(&own);

    if (source == NOBODY || entries[source].network != NOBODY)
        return source;
    const uint32_t around = find(&network);
    if (around == NOBODY) {
        forget(source);
        return NOBODY;
    }
    entries[source].network = around;
    entries[around].users++;
    return source;
}

void source_forget_unused(uint32_t source)
{
    forget(source);
}

static uint32_t most_of_address(enum held kind)
{
    if (kind == HELD_UNDECIDED)
        return MOST_UNDECIDED_OF_SOURCE;
    return kind == HELD_QUESTIONS ? limits[kind] / 32 : kind == HELD_PIPES ? limits[kind] / 4 : limits[kind] / 2;
}

bool source_take(uint32_t source, enum held kind)
{
    struct entry *own = &entries[source], *network = &entries[own->network];

    if (in_all[kind] >= limits[kind] || own->held[kind] >= most_of_address(kind) || network->held[kind] >= limits[kind] / 4 * 3)
        return false;
    in_all[kind]++;
    own->held[kind]++;
    network->held[kind]++;
    return true;
}

void source_give_back(uint32_t source, enum held kind)
{
    struct entry *own = &entries[source];

    in_all[kind]--;
    own->held[kind]--;
    entries[own->network].held[kind]--;
    forget(source);
}

struct turns *source_turns(uint32_t source)
{
    return &entries[source].turns;
}

uint32_t sources_end(void)
{
    return highest;
}
