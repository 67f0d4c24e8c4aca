#ifndef BULKHEAD_EGRESS_SOURCES_H
#define BULKHEAD_EGRESS_SOURCES_H

#include "relay.h"

/* A connection or a question that nobody has decided of yet, of one address. */
#ifndef MOST_UNDECIDED_OF_SOURCE
#define MOST_UNDECIDED_OF_SOURCE 256
#endif

/**
 * Who shares the relay: an address, and the network it is of, because a container can use as many addresses as its network has. What each has at once is
 * limited, so that one that takes all it can leaves as much to others; and who has something to move takes turns by address (pump.c).
 */
enum held { HELD_CONNECTIONS, HELD_UNDECIDED, HELD_QUESTIONS, HELD_PIPES, HELD_KINDS };

#define NO_SOURCE UINT32_MAX

/** Says how many of each there may be in all. Of a quarter less an address gets at most as many as are left then, its network twice that; an eighth is for networks that have little, another the engine's alone. Of pipes an address gets no more than a quarter, of questions a thirty-second. */
void sources_limit(enum held kind, uint32_t most);

/** Finds or begins the entry of an address. NO_SOURCE: there are too many. */
uint32_t source_of(const union address *address);
/** Counts one more; false, and nothing counted, where that would be too many. */
bool source_take(uint32_t source, enum held kind);
/** One less; an entry that holds nothing is forgotten. */
void source_give_back(uint32_t source, enum held kind);
/** An entry that was only looked up. */
void source_forget_unused(uint32_t source);

/** Which connections of it have something to move, and which wait for a pipe: lists of pump.c's. */
struct turns {
    uint32_t first;
    uint32_t last;
    uint32_t next_source;
    uint32_t starved;
    bool queued;
};
struct turns *source_turns(uint32_t source);
/** Looks who waits for a pipe; false: nobody does. */
bool sources_starve(void);
/** Whether it waits itself, or has more than one that did when that was asked: a network is compared with networks, and within one an address with addresses. */
bool source_has_too_much(uint32_t source);
/** One more than the highest number of an entry there has been. */
uint32_t sources_end(void);

#endif
