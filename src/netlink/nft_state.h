#ifndef BULKHEAD_NFT_STATE_H
#define BULKHEAD_NFT_STATE_H

#include "nft.h"

/** What rules do with the connections the kernel tracks, and what they say of them. */

/** Counts the connection of a packet by what was loaded last, as long as it is tracked, and holds where there are more than so many; its set is one of 0 seconds. */
void nft_too_many(struct nft_batch *rules, const char *set, uint32_t most);

/** How long UDP by IPv4 is tracked without packets, by a name in the table; and the expression that says so of a connection whose first packet this is. */
void nft_udp_seconds(struct nft_batch *rules, const char *name, uint32_t seconds);
void nft_tracked_so_long(struct nft_batch *rules, const char *name);

/** Holds so many times a minute. */
void nft_each_minute(struct nft_batch *rules, uint32_t times);
/** Says of a packet in the kernel's log, as a fault, what it is, behind these words. */
void nft_log(struct nft_batch *rules, const char *words);

#endif
