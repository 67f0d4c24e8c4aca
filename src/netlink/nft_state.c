#include "nft_state.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink_cttimeout.h>
#include <linux/netlink.h>
#include <netinet/in.h>

#define SECONDS_OF_MINUTE 60

void nft_too_many(struct nft_batch *rules, const char *set, uint32_t most)
{
    nft_begin_expression(rules, "dynset");
    netlink_put_text(&rules->batch, NFTA_DYNSET_SET_NAME, set);
    netlink_put_be32(&rules->batch, NFTA_DYNSET_OP, NFT_DYNSET_OP_ADD);
    netlink_put_be32(&rules->batch, NFTA_DYNSET_SREG_KEY, NFT_REG_1);
    netlink_nest(&rules->batch, NFTA_DYNSET_EXPR);
    netlink_put_text(&rules->batch, NFTA_EXPR_NAME, "connlimit");
    netlink_nest(&rules->batch, NFTA_EXPR_DATA);
    netlink_put_be32(&rules->batch, NFTA_CONNLIMIT_COUNT, most);
    netlink_put_be32(&rules->batch, NFTA_CONNLIMIT_FLAGS, NFT_CONNLIMIT_F_INV);
    netlink_end(&rules->batch);
    netlink_end(&rules->batch);
    nft_end_expression(rules);
}

void nft_udp_seconds(struct nft_batch *rules, const char *name, uint32_t seconds)
{
    const uint16_t ipv4 = htons(NFPROTO_IPV4);
    const uint8_t udp = IPPROTO_UDP;

    nft_message(rules, NFT_MSG_NEWOBJ, NLM_F_EXCL);
    netlink_put_text(&rules->batch, NFTA_OBJ_TABLE, rules->table);
    netlink_put_text(&rules->batch, NFTA_OBJ_NAME, name);
    netlink_put_be32(&rules->batch, NFTA_OBJ_TYPE, NFT_OBJECT_CT_TIMEOUT);
    netlink_nest(&rules->batch, NFTA_OBJ_DATA);
    netlink_put(&rules->batch, NFTA_CT_TIMEOUT_L3PROTO, &ipv4, sizeof(ipv4));
    netlink_put(&rules->batch, NFTA_CT_TIMEOUT_L4PROTO, &udp, sizeof(udp));
    netlink_nest(&rules->batch, NFTA_CT_TIMEOUT_DATA);
    netlink_put_be32(&rules->batch, CTA_TIMEOUT_UDP_UNREPLIED, seconds);
    netlink_put_be32(&rules->batch, CTA_TIMEOUT_UDP_REPLIED, seconds);
    netlink_end(&rules->batch);
    netlink_end(&rules->batch);
}

void nft_tracked_so_long(struct nft_batch *rules, const char *name)
{
    nft_begin_expression(rules, "objref");
    netlink_put_be32(&rules->batch, NFTA_OBJREF_IMM_TYPE, NFT_OBJECT_CT_TIMEOUT);
    netlink_put_text(&rules->batch, NFTA_OBJREF_IMM_NAME, name);
    nft_end_expression(rules);
}

void nft_each_minute(struct nft_batch *rules, uint32_t times)
{
    nft_begin_expression(rules, "limit");
    netlink_put_be64(&rules->batch, NFTA_LIMIT_RATE, times);
    netlink_put_be64(&rules->batch, NFTA_LIMIT_UNIT, SECONDS_OF_MINUTE);
    netlink_put_be32(&rules->batch, NFTA_LIMIT_TYPE, NFT_LIMIT_PKTS);
    nft_end_expression(rules);
}

void nft_log(struct nft_batch *rules, const char *words)
{
    nft_begin_expression(rules, "log");
    netlink_put_text(&rules->batch, NFTA_LOG_PREFIX, words);
    netlink_put_be32(&rules->batch, NFTA_LOG_LEVEL, NFT_LOGLEVEL_ERR);
    nft_end_expression(rules);
}
