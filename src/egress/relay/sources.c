#include "sources.h"

#include <arpa/inet.h>
#include <string.h>

#include "../network/way.h"

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
    bool engine;
    uint32_t held[HELD_KINDS];
    uint32_t network; /* of an address: the entry of its network */
    uint32_t users;   /* of a network: the addresses it has entries of */
    uint32_t least;   /* of a network: the fewest pipes an address of it has that starves */
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
static struct key engines[2];
/* The fewest pipes a network has of which an address starves. */
static uint32_t least_of_network;

static struct key key_of(const union address *address, bool network);

/* The addresses of the engine's own, which no container can have (src/egress/network). */
static void know_engines(void)
{
    union address four = {.four = {.sin_family = AF_INET}}, six = {.six = {.sin6_family = AF_INET6}};

    inet_pton(AF_INET, EGRESS_ENGINE4, &four.four.sin_addr);
    inet_pton(AF_INET6, EGRESS_ENGINE6, &six.six.sin6_addr);
    engines[0] = key_of(&four, false);
    engines[1] = key_of(&six, false);
}

void sources_limit(enum held kind, uint32_t most)
{
    limits[kind] = most;
    if (ready)
        return;
    memset(buckets, 0xff, sizeof(buckets));
    know_engines();
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
    entries[source].engine = same(&own, &engines[0]) || same(&own, &engines[1]);
    entries[around].users++;
    return source;
}

void source_forget_unused(uint32_t source)
{
    forget(source);
}

static uint32_t most_of_address(enum held kind)
{
    switch (kind) {
    case HELD_UNDECIDED: return MOST_UNDECIDED_OF_SOURCE;
    case HELD_QUESTIONS: return limits[kind] / 32;
    case HELD_PIPES: return limits[kind] / 4;
    default: return limits[kind];
    }
}

/*
 * Threat: one container takes all there is, by as many addresses as it has networks, of both families. What is had may be no more than what is left then, for a
 * network twice that; but those that came first do not give back, and so an eighth is only for networks that have little, each a 256th. Another eighth is nobody's
 * but the engine's.
 */
bool source_take(uint32_t source, enum held kind)
{
    struct entry *own = &entries[source], *network = &entries[own->network];
    const uint32_t most = limits[kind], eighth = most / 8, little = most / 256;
    const uint32_t kept = own->engine ? 0 : network->held[kind] <= little ? eighth : 2 * eighth;
    const uint32_t left = in_all[kind] + kept < most ? most - in_all[kind] - kept : 0;

    if (own->held[kind] >= left || own->held[kind] >= most_of_address(kind) || network->held[kind] / 2 >= left)
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

static uint32_t least(uint32_t one, uint32_t other)
{
    return one < other ? one : other;
}

bool sources_starve(void)
{
    least_of_network = UINT32_MAX;
    for (uint32_t at = 0; at < highest; at++)
        entries[at].least = UINT32_MAX;
    for (uint32_t at = 0; at < highest; at++) {
        if (entries[at].turns.starved == NOBODY)
            continue;
        struct entry *network = &entries[entries[at].network];
        network->least = least(network->least, entries[at].held[HELD_PIPES]);
        least_of_network = least(least_of_network, network->held[HELD_PIPES]);
    }
    return least_of_network != UINT32_MAX;
}

bool source_has_too_much(uint32_t source)
{
    const struct entry *own = &entries[source], *network = &entries[own->network];

    return own->turns.starved != NOBODY || network->held[HELD_PIPES] > least_of_network || own->held[HELD_PIPES] > network->least;
}
