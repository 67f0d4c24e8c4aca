/*
 * What the gateway was told a client says first, remembered so that nothing else goes on in its place. Threat: a client sends out of pages it keeps (sendfile(2), splice(2)),
 * and what waits in the kernel for its reader changes with them: one destination is looked at, and another one asked for.
 */
#ifndef BULKHEAD_EGRESS_TOLD_H
#define BULKHEAD_EGRESS_TOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A pipe has room for this much, however few it may have been given. */
#define TOLD_BLOCK 4096
#define TOLD_MOST 65536

struct told {
    uint32_t length;
    uint32_t passed;
    uint64_t sums[TOLD_MOST / TOLD_BLOCK];
};

/** Takes a key nobody knows. Called before anything is forbidden. */
bool told_begin(void);
/** In the place of what was told before. */
void told_remember(struct told *told, const char *bytes, size_t length);
/** How many bytes go on next; 0: what comes now nobody was told. */
size_t told_next(const struct told *told);
/** Whether these, as many, are what was told; they count as gone on then. */
bool told_pass(struct told *told, const char *bytes);

#endif
