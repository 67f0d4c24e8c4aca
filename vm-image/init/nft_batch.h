#ifndef BULKHEAD_NFT_BATCH_H
#define BULKHEAD_NFT_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NFT_BATCH_BYTES 8192
#define NFT_BATCH_DEPTH 6

/** Messages to nf_tables that the kernel takes all or none of. */
struct nft_batch {
    char bytes[NFT_BATCH_BYTES];
    size_t used;
    /** Where the last message began. */
    size_t message;
    /** Where the nested attributes that are not ended yet began. */
    size_t nests[NFT_BATCH_DEPTH];
    unsigned int depth;
    /** Messages that are answered. */
    unsigned int asked;
    /** Something did not fit: the whole is worth nothing. */
    bool overflown;
};

void nft_begin(struct nft_batch *batch);

/** Begins a message: NFT_MSG_…, of the family NFPROTO_…, with flags of netlink's beside those of a request. */
void nft_message(struct nft_batch *batch, uint16_t type, uint8_t family, uint16_t flags);

/** Attributes of the message, or of the innermost that was begun with nft_nest and not ended. Numbers are in the network's order, as nf_tables has them. */
void nft_number(struct nft_batch *batch, uint16_t attribute, uint32_t value);
void nft_text(struct nft_batch *batch, uint16_t attribute, const char *value);
void nft_data(struct nft_batch *batch, uint16_t attribute, const void *value, size_t size);
void nft_nest(struct nft_batch *batch, uint16_t attribute);
void nft_end(struct nft_batch *batch);

/** Gives it to the kernel; false with errno, and then nothing of it is there. */
bool nft_commit(struct nft_batch *batch);

#endif
