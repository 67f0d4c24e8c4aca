#ifndef BULKHEAD_NFT_RULE_H
#define BULKHEAD_NFT_RULE_H

#include "nft_batch.h"

/** A table, and a chain of filters in it at a hook; `card`: of this interface alone, where the hook is one of an interface. */
void nft_new_table(struct nft_batch *batch, uint8_t family, const char *table);
void nft_new_chain(struct nft_batch *batch, uint8_t family, const char *table, const char *chain, uint32_t hook, uint32_t priority, const char *card);

/** A rule at the end of a chain. What is between is done from left to right, as far as everything asked for is so. */
void nft_begin_rule(struct nft_batch *batch, uint8_t family, const char *table, const char *chain);
void nft_end_rule(struct nft_batch *batch);

/** Loads something of a packet: of what the kernel knows of it, of its connection, or of its bytes behind a header. */
void nft_meta(struct nft_batch *batch, uint32_t key);
void nft_connection(struct nft_batch *batch, uint32_t key);
void nft_payload(struct nft_batch *batch, uint32_t header, uint32_t offset, uint32_t length);

/** Keeps of what was loaded the bits of the mask; at most four bytes. */
void nft_masked(struct nft_batch *batch, const void *mask, size_t size);

/** Asks whether what was loaded last is this. */
void nft_is(struct nft_batch *batch, const void *value, size_t size);
#define NFT_IS(batch, value) nft_is((batch), &(value), sizeof(value))

void nft_drop(struct nft_batch *batch);
void nft_add_to_flows(struct nft_batch *batch, const char *flows);

#endif
