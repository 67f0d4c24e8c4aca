#include "nft.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <string.h>

static void frame(struct nft_batch *rules, uint16_t type)
{
    const struct nfgenmsg header = {.version = NFNETLINK_V0, .res_id = htons(NFNL_SUBSYS_NFTABLES)};

    netlink_begin(&rules->batch, type, 0, &header, sizeof(header));
}

void nft_begin(struct nft_batch *rules)
{
    memset(rules, 0, sizeof(*rules));
    frame(rules, NFNL_MSG_BATCH_BEGIN);
}

bool nft_commit(int netlink, struct nft_batch *rules)
{
    frame(rules, NFNL_MSG_BATCH_END);
    return netlink_ask(netlink, &rules->batch);
}

bool nft_commit_here(struct nft_batch *rules)
{
    frame(rules, NFNL_MSG_BATCH_END);
    return netlink_ask_once(NETLINK_NETFILTER, &rules->batch);
}

void nft_message(struct nft_batch *rules, uint16_t type, uint16_t flags)
{
    const struct nfgenmsg header = {.nfgen_family = rules->family, .version = NFNETLINK_V0};

    netlink_begin(&rules->batch, (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type), (uint16_t)(NLM_F_ACK | NLM_F_CREATE | flags), &header, sizeof(header));
}

void nft_table(struct nft_batch *rules, uint8_t family, const char *table, uint16_t flags)
{
    rules->family = family;
    rules->table = table;
    nft_message(rules, NFT_MSG_NEWTABLE, flags);
    netlink_put_text(&rules->batch, NFTA_TABLE_NAME, table);
}

void nft_chain(struct nft_batch *rules, const char *chain)
{
    rules->chain = chain;
    nft_message(rules, NFT_MSG_NEWCHAIN, 0);
    netlink_put_text(&rules->batch, NFTA_CHAIN_TABLE, rules->table);
    netlink_put_text(&rules->batch, NFTA_CHAIN_NAME, chain);
}

void nft_hook(struct nft_batch *rules, const char *chain, uint32_t hook, int priority, const char *card)
{
    nft_chain(rules, chain);
    netlink_nest(&rules->batch, NFTA_CHAIN_HOOK);
    netlink_put_be32(&rules->batch, NFTA_HOOK_HOOKNUM, hook);
    netlink_put_be32(&rules->batch, NFTA_HOOK_PRIORITY, (uint32_t)priority);
    if (card != NULL)
        netlink_put_text(&rules->batch, NFTA_HOOK_DEV, card);
    netlink_end(&rules->batch);
    netlink_put_text(&rules->batch, NFTA_CHAIN_TYPE, "filter");
    netlink_put_be32(&rules->batch, NFTA_CHAIN_POLICY, NF_ACCEPT);
}

/* Keys that are counted at once. */
#define MOST_COUNTED 65536

void nft_counts(struct nft_batch *rules, const struct nft_counted *counted)
{
    nft_message(rules, NFT_MSG_NEWSET, 0);
    netlink_put_text(&rules->batch, NFTA_SET_TABLE, rules->table);
    netlink_put_text(&rules->batch, NFTA_SET_NAME, counted->set);
    netlink_put_be32(&rules->batch, NFTA_SET_FLAGS, counted->seconds == 0 ? NFT_SET_EVAL : NFT_SET_EVAL | NFT_SET_TIMEOUT);
    netlink_put_be32(&rules->batch, NFTA_SET_KEY_LEN, counted->key_size);
    /* by which a rule of the same batch may name it; ours do by its name */
    netlink_put_be32(&rules->batch, NFTA_SET_ID, ++rules->sets);
    if (counted->seconds != 0)
        netlink_put_be64(&rules->batch, NFTA_SET_TIMEOUT, counted->seconds * UINT64_C(1000));
    netlink_nest(&rules->batch, NFTA_SET_DESC);
    netlink_put_be32(&rules->batch, NFTA_SET_DESC_SIZE, MOST_COUNTED);
    netlink_end(&rules->batch);
}

void nft_rule(struct nft_batch *rules)
{
    nft_message(rules, NFT_MSG_NEWRULE, NLM_F_APPEND);
    netlink_put_text(&rules->batch, NFTA_RULE_TABLE, rules->table);
    netlink_put_text(&rules->batch, NFTA_RULE_CHAIN, rules->chain);
    netlink_nest(&rules->batch, NFTA_RULE_EXPRESSIONS);
}

void nft_end_rule(struct nft_batch *rules)
{
    netlink_end(&rules->batch);
}

void nft_begin_expression(struct nft_batch *rules, const char *name)
{
    netlink_nest(&rules->batch, NFTA_LIST_ELEM);
    netlink_put_text(&rules->batch, NFTA_EXPR_NAME, name);
    netlink_nest(&rules->batch, NFTA_EXPR_DATA);
}

void nft_end_expression(struct nft_batch *rules)
{
    netlink_end(&rules->batch);
    netlink_end(&rules->batch);
}

static void put_value(struct nft_batch *rules, uint16_t attribute, const void *value, size_t size)
{
    netlink_nest(&rules->batch, attribute);
    netlink_put(&rules->batch, NFTA_DATA_VALUE, value, size);
    netlink_end(&rules->batch);
}

void nft_meta(struct nft_batch *rules, uint32_t key)
{
    nft_begin_expression(rules, "meta");
    netlink_put_be32(&rules->batch, NFTA_META_DREG, NFT_REG_1);
    netlink_put_be32(&rules->batch, NFTA_META_KEY, key);
    nft_end_expression(rules);
}

void nft_connection(struct nft_batch *rules, uint32_t key)
{
    nft_begin_expression(rules, "ct");
    netlink_put_be32(&rules->batch, NFTA_CT_DREG, NFT_REG_1);
    netlink_put_be32(&rules->batch, NFTA_CT_KEY, key);
    nft_end_expression(rules);
}

void nft_payload(struct nft_batch *rules, uint32_t header, uint32_t offset, uint32_t length)
{
    nft_begin_expression(rules, "payload");
    netlink_put_be32(&rules->batch, NFTA_PAYLOAD_DREG, NFT_REG_1);
    netlink_put_be32(&rules->batch, NFTA_PAYLOAD_BASE, header);
    netlink_put_be32(&rules->batch, NFTA_PAYLOAD_OFFSET, offset);
    netlink_put_be32(&rules->batch, NFTA_PAYLOAD_LEN, length);
    nft_end_expression(rules);
}

void nft_way_of(struct nft_batch *rules, uint32_t address)
{
    nft_begin_expression(rules, "fib");
    netlink_put_be32(&rules->batch, NFTA_FIB_DREG, NFT_REG_1);
    netlink_put_be32(&rules->batch, NFTA_FIB_RESULT, NFT_FIB_RESULT_OIF);
    netlink_put_be32(&rules->batch, NFTA_FIB_FLAGS, address);
    nft_end_expression(rules);
}

void nft_masked(struct nft_batch *rules, const void *mask, size_t size)
{
    static const uint8_t unchanged[sizeof(uint32_t)];

    nft_begin_expression(rules, "bitwise");
    netlink_put_be32(&rules->batch, NFTA_BITWISE_SREG, NFT_REG_1);
    netlink_put_be32(&rules->batch, NFTA_BITWISE_DREG, NFT_REG_1);
    netlink_put_be32(&rules->batch, NFTA_BITWISE_LEN, (uint32_t)size);
    put_value(rules, NFTA_BITWISE_MASK, mask, size);
    put_value(rules, NFTA_BITWISE_XOR, unchanged, size);
    nft_end_expression(rules);
}

void nft_compare(struct nft_batch *rules, uint32_t how, const void *value, size_t size)
{
    nft_begin_expression(rules, "cmp");
    netlink_put_be32(&rules->batch, NFTA_CMP_SREG, NFT_REG_1);
    netlink_put_be32(&rules->batch, NFTA_CMP_OP, how);
    put_value(rules, NFTA_CMP_DATA, value, size);
    nft_end_expression(rules);
}

static void put_limit(struct nft_batch *rules, uint32_t a_second, uint32_t at_once)
{
    netlink_put_text(&rules->batch, NFTA_EXPR_NAME, "limit");
    netlink_nest(&rules->batch, NFTA_EXPR_DATA);
    netlink_put_be64(&rules->batch, NFTA_LIMIT_RATE, a_second);
    netlink_put_be64(&rules->batch, NFTA_LIMIT_UNIT, 1);
    netlink_put_be32(&rules->batch, NFTA_LIMIT_BURST, at_once);
    netlink_put_be32(&rules->batch, NFTA_LIMIT_TYPE, NFT_LIMIT_PKTS);
    netlink_put_be32(&rules->batch, NFTA_LIMIT_FLAGS, NFT_LIMIT_F_INV);
    netlink_end(&rules->batch);
}

void nft_too_often(struct nft_batch *rules, const char *set, uint32_t a_second, uint32_t at_once)
{
    nft_begin_expression(rules, "dynset");
    netlink_put_text(&rules->batch, NFTA_DYNSET_SET_NAME, set);
    /* each time it comes it is remembered for as long again: what it has used up does not come back by being forgotten */
    netlink_put_be32(&rules->batch, NFTA_DYNSET_OP, NFT_DYNSET_OP_UPDATE);
    netlink_put_be32(&rules->batch, NFTA_DYNSET_SREG_KEY, NFT_REG_1);
    netlink_nest(&rules->batch, NFTA_DYNSET_EXPR);
    put_limit(rules, a_second, at_once);
    netlink_end(&rules->batch);
    nft_end_expression(rules);
}

static void put_verdict(struct nft_batch *rules, uint32_t code, const char *chain)
{
    nft_begin_expression(rules, "immediate");
    netlink_put_be32(&rules->batch, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
    netlink_nest(&rules->batch, NFTA_IMMEDIATE_DATA);
    netlink_nest(&rules->batch, NFTA_DATA_VERDICT);
    netlink_put_be32(&rules->batch, NFTA_VERDICT_CODE, code);
    if (chain != NULL)
        netlink_put_text(&rules->batch, NFTA_VERDICT_CHAIN, chain);
    netlink_end(&rules->batch);
    netlink_end(&rules->batch);
    nft_end_expression(rules);
}

void nft_verdict(struct nft_batch *rules, uint32_t code)
{
    put_verdict(rules, code, NULL);
}

void nft_goto(struct nft_batch *rules, const char *chain)
{
    put_verdict(rules, (uint32_t)NFT_GOTO, chain);
}

void nft_plain(struct nft_batch *rules, const char *name)
{
    nft_begin_expression(rules, name);
    nft_end_expression(rules);
}

void nft_reject(struct nft_batch *rules)
{
    const uint8_t prohibited = NFT_REJECT_ICMPX_ADMIN_PROHIBITED;

    nft_begin_expression(rules, "reject");
    netlink_put_be32(&rules->batch, NFTA_REJECT_TYPE, NFT_REJECT_ICMPX_UNREACH);
    netlink_put(&rules->batch, NFTA_REJECT_ICMP_CODE, &prohibited, sizeof(prohibited));
    nft_end_expression(rules);
}

void nft_reset(struct nft_batch *rules)
{
    nft_begin_expression(rules, "reject");
    netlink_put_be32(&rules->batch, NFTA_REJECT_TYPE, NFT_REJECT_TCP_RST);
    nft_end_expression(rules);
}

void nft_to_listener(struct nft_batch *rules, uint16_t port)
{
    const uint16_t network_port = htons(port);

    nft_begin_expression(rules, "immediate");
    netlink_put_be32(&rules->batch, NFTA_IMMEDIATE_DREG, NFT_REG_1);
    put_value(rules, NFTA_IMMEDIATE_DATA, &network_port, sizeof(network_port));
    nft_end_expression(rules);
    nft_begin_expression(rules, "tproxy");
    netlink_put_be32(&rules->batch, NFTA_TPROXY_FAMILY, NFPROTO_UNSPEC);
    netlink_put_be32(&rules->batch, NFTA_TPROXY_REG_PORT, NFT_REG_1);
    nft_end_expression(rules);
}

void nft_add_to_flows(struct nft_batch *rules, const char *flows)
{
    nft_begin_expression(rules, "flow_offload");
    netlink_put_text(&rules->batch, NFTA_FLOW_TABLE_NAME, flows);
    nft_end_expression(rules);
}
