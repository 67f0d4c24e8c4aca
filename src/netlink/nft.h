#ifndef BULKHEAD_NFT_H
#define BULKHEAD_NFT_H

#include "netlink.h"

/**
 * Rules of the firewall, given to the kernel as they are (linux/netfilter/nf_tables.h), which takes all or none of a batch. There is no `nft` program in the VM, nor
 * need there be one on a host.
 */
struct nft_batch {
    struct netlink_batch batch;
    /* where what comes next goes */
    uint8_t family;
    const char *table;
    const char *chain;
    uint32_t sets; /* so far */
};

void nft_begin(struct nft_batch *rules);
/** Gives it to the kernel by this socket of NETLINK_NETFILTER; false with errno, and then nothing of it is there. */
bool nft_commit(int netlink, struct nft_batch *rules);
/** The same in the network namespace this thread is in. */
bool nft_commit_here(struct nft_batch *rules);

/** A message of nf_tables by itself: NFT_MSG_…, about the table's family. */
void nft_message(struct nft_batch *rules, uint16_t type, uint16_t flags);

/** A table that may be there already, or with NLM_F_EXCL must not; of the family NFPROTO_…. */
void nft_table(struct nft_batch *rules, uint8_t family, const char *table, uint16_t flags);
/** A chain nobody enters by itself, and one of filters at a hook, which lets through what no rule of it says anything of; `card`: of this interface alone, where the hook is one of an interface. */
void nft_chain(struct nft_batch *rules, const char *chain);
void nft_hook(struct nft_batch *rules, const char *chain, uint32_t hook, int priority, const char *card);

/** What comes is counted there by a key of so many bytes; one that does not come for `seconds` is forgotten (0: one of which nothing is counted any more), and where there are too many, new ones are not counted. */
struct nft_counted {
    const char *set;
    uint32_t key_size;
    uint32_t seconds;
};
void nft_counts(struct nft_batch *rules, const struct nft_counted *counted);

/** A rule at the end of the chain. What is between is done from left to right, as far as everything asked for is so. */
void nft_rule(struct nft_batch *rules);
void nft_end_rule(struct nft_batch *rules);

/** What is between makes one expression, for those that are not here. */
void nft_begin_expression(struct nft_batch *rules, const char *name);
void nft_end_expression(struct nft_batch *rules);

/** Loads something of a packet: of what the kernel knows of it, of its connection, or of its bytes behind a header. */
void nft_meta(struct nft_batch *rules, uint32_t key);
void nft_connection(struct nft_batch *rules, uint32_t key);
void nft_payload(struct nft_batch *rules, uint32_t header, uint32_t offset, uint32_t length);
/** Loads the interface a packet with this address (NFTA_FIB_F_…) would leave by, 0 where there is none. */
void nft_way_of(struct nft_batch *rules, uint32_t address);
/** Keeps of what was loaded the bits of the mask; at most four bytes. */
void nft_masked(struct nft_batch *rules, const void *mask, size_t size);

/** Asks how what was loaded last compares (NFT_CMP_…) with this. */
void nft_compare(struct nft_batch *rules, uint32_t how, const void *value, size_t size);
#define NFT_IS(rules, value) nft_compare((rules), NFT_CMP_EQ, &(value), sizeof(value))
#define NFT_IS_NOT(rules, value) nft_compare((rules), NFT_CMP_NEQ, &(value), sizeof(value))

/** Counts it by what was loaded last, and holds for what is more than so many a second; of those that came less before, `at_once` more. */
void nft_too_often(struct nft_batch *rules, const char *set, uint32_t a_second, uint32_t at_once);

/** NF_ACCEPT or NF_DROP. */
void nft_verdict(struct nft_batch *rules, uint32_t code);
/** The rules of that chain, which is in the batch already, in the place of those that follow. */
void nft_goto(struct nft_batch *rules, const char *chain);
/** An expression that has nothing to say but its name: `notrack`, `counter`. */
void nft_plain(struct nft_batch *rules, const char *name);
/** Refuses at once, by ICMP: an administrator's prohibition. */
void nft_reject(struct nft_batch *rules);
/** The same of TCP, by a reset. */
void nft_reset(struct nft_batch *rules);
/** To the transparent listener at this port, with the address it was for. Where nobody listens the rule does not hold. */
void nft_to_listener(struct nft_batch *rules, uint16_t port);
void nft_add_to_flows(struct nft_batch *rules, const char *flows);

#endif
