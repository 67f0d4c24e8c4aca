#include "nft_rule.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netlink.h>

void nft_new_table(struct nft_batch *batch, uint8_t family, const char *table)
{
    nft_message(batch, NFT_MSG_NEWTABLE, family, NLM_F_CREATE | NLM_F_EXCL);
    nft_text(batch, NFTA_TABLE_NAME, table);
}

void nft_new_chain(struct nft_batch *batch, uint8_t family, const char *table, const char *chain, uint32_t hook, uint32_t priority, const char *card)
{
    nft_message(batch, NFT_MSG_NEWCHAIN, family, NLM_F_CREATE | NLM_F_EXCL);
    nft_text(batch, NFTA_CHAIN_TABLE, table);
    nft_text(batch, NFTA_CHAIN_NAME, chain);
    nft_text(batch, NFTA_CHAIN_TYPE, "filter");
    nft_nest(batch, NFTA_CHAIN_HOOK);
    nft_number(batch, NFTA_HOOK_HOOKNUM, hook);
    nft_number(batch, NFTA_HOOK_PRIORITY, priority);
    if (card != NULL)
        nft_text(batch, NFTA_HOOK_DEV, card);
    nft_end(batch);
}

void nft_begin_rule(struct nft_batch *batch, uint8_t family, const char *table, const char *chain)
{
    nft_message(batch, NFT_MSG_NEWRULE, family, NLM_F_CREATE | NLM_F_APPEND);
    nft_text(batch, NFTA_RULE_TABLE, table);
    nft_text(batch, NFTA_RULE_CHAIN, chain);
    nft_nest(batch, NFTA_RULE_EXPRESSIONS);
}

void nft_end_rule(struct nft_batch *batch)
{
    nft_end(batch);
}

static void begin_expression(struct nft_batch *batch, const char *name)
{
    nft_nest(batch, NFTA_LIST_ELEM);
    nft_text(batch, NFTA_EXPR_NAME, name);
    nft_nest(batch, NFTA_EXPR_DATA);
}

static void end_expression(struct nft_batch *batch)
{
    nft_end(batch);
    nft_end(batch);
}

static void put_value(struct nft_batch *batch, uint16_t attribute, const void *value, size_t size)
{
    nft_nest(batch, attribute);
    nft_data(batch, NFTA_DATA_VALUE, value, size);
    nft_end(batch);
}

void nft_meta(struct nft_batch *batch, uint32_t key)
{
    begin_expression(batch, "meta");
    nft_number(batch, NFTA_META_DREG, NFT_REG_1);
    nft_number(batch, NFTA_META_KEY, key);
    end_expression(batch);
}

void nft_connection(struct nft_batch *batch, uint32_t key)
{
    begin_expression(batch, "ct");
    nft_number(batch, NFTA_CT_DREG, NFT_REG_1);
    nft_number(batch, NFTA_CT_KEY, key);
    end_expression(batch);
}

void nft_payload(struct nft_batch *batch, uint32_t header, uint32_t offset, uint32_t length)
{
    begin_expression(batch, "payload");
    nft_number(batch, NFTA_PAYLOAD_DREG, NFT_REG_1);
    nft_number(batch, NFTA_PAYLOAD_BASE, header);
    nft_number(batch, NFTA_PAYLOAD_OFFSET, offset);
    nft_number(batch, NFTA_PAYLOAD_LEN, length);
    end_expression(batch);
}

void nft_masked(struct nft_batch *batch, const void *mask, size_t size)
{
    static const uint8_t unchanged[sizeof(uint32_t)];

    begin_expression(batch, "bitwise");
    nft_number(batch, NFTA_BITWISE_SREG, NFT_REG_1);
    nft_number(batch, NFTA_BITWISE_DREG, NFT_REG_1);
    nft_number(batch, NFTA_BITWISE_LEN, (uint32_t)size);
    put_value(batch, NFTA_BITWISE_MASK, mask, size);
    put_value(batch, NFTA_BITWISE_XOR, unchanged, size);
    end_expression(batch);
}

void nft_is(struct nft_batch *batch, const void *value, size_t size)
{
    begin_expression(batch, "cmp");
    nft_number(batch, NFTA_CMP_SREG, NFT_REG_1);
    nft_number(batch, NFTA_CMP_OP, NFT_CMP_EQ);
    put_value(batch, NFTA_CMP_DATA, value, size);
    end_expression(batch);
}

void nft_drop(struct nft_batch *batch)
{
    begin_expression(batch, "immediate");
    nft_number(batch, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
    nft_nest(batch, NFTA_IMMEDIATE_DATA);
    nft_nest(batch, NFTA_DATA_VERDICT);
    nft_number(batch, NFTA_VERDICT_CODE, NF_DROP);
    nft_end(batch);
    nft_end(batch);
    end_expression(batch);
}

void nft_add_to_flows(struct nft_batch *batch, const char *flows)
{
    begin_expression(batch, "flow_offload");
    nft_text(batch, NFTA_FLOW_TABLE_NAME, flows);
    end_expression(batch);
}
