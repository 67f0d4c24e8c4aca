/*
 * Rules of the firewall, given to the kernel as they are (linux/netfilter/nf_tables.h): the engine's root has iptables and not nft, which alone has what is needed
 * here, where a packet will go before it is routed; and on a host without a VM there may be neither.
 */
#include "firewall.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stddef.h>
#include <string.h>

#include "netlink.h"
#include "sockets.h"
#include "way.h"

#define OWN_TABLE "bulkhead-egress"
/* Before iptables' table `raw`, which comes at -300, and so before connections are tracked. */
#define BEFORE_RAW (-310)
/* Of iptables. */
#define RAW (-300)
#define MANGLE (-150)
/* linux/icmpv6.h: from the solicitation of a router to the advertisement of a neighbour. */
#define FIRST_NEIGHBOUR_TYPE 133
#define LAST_NEIGHBOUR_TYPE 136

struct rules {
    struct netlink_batch batch;
    uint8_t family;
    const char *table;
    const char *chain;
    size_t expressions;
    size_t element;
    size_t data;
};

static void begin(struct rules *rules, unsigned int type, unsigned int flags)
{
    const struct nfgenmsg header = {.nfgen_family = rules->family, .version = NFNETLINK_V0};

    netlink_begin(&rules->batch, (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type), (uint16_t)(NLM_F_ACK | NLM_F_CREATE | flags), &header, sizeof(header));
}

static void frame(struct rules *rules, uint16_t type)
{
    const struct nfgenmsg header = {.version = NFNETLINK_V0, .res_id = htons(NFNL_SUBSYS_NFTABLES)};

    netlink_begin(&rules->batch, type, 0, &header, sizeof(header));
}

static void in_table(struct rules *rules, uint8_t family, const char *table)
{
    rules->family = family;
    rules->table = table;
    begin(rules, NFT_MSG_NEWTABLE, 0);
    netlink_put_text(&rules->batch, NFTA_TABLE_NAME, table);
}

/* A chain nobody enters by itself. */
static void in_chain(struct rules *rules, const char *chain)
{
    rules->chain = chain;
    begin(rules, NFT_MSG_NEWCHAIN, 0);
    netlink_put_text(&rules->batch, NFTA_CHAIN_TABLE, rules->table);
    netlink_put_text(&rules->batch, NFTA_CHAIN_NAME, chain);
}

static void in_hook(struct rules *rules, const char *chain, uint32_t hook, int priority)
{
    in_chain(rules, chain);
    const size_t nest = netlink_begin_nest(&rules->batch, NFTA_CHAIN_HOOK);
    netlink_put_be32(&rules->batch, NFTA_HOOK_HOOKNUM, hook);
    netlink_put_be32(&rules->batch, NFTA_HOOK_PRIORITY, (uint32_t)priority);
    netlink_end_nest(&rules->batch, nest);
    netlink_put_text(&rules->batch, NFTA_CHAIN_TYPE, "filter");
    netlink_put_be32(&rules->batch, NFTA_CHAIN_POLICY, NF_ACCEPT);
}

static void rule(struct rules *rules)
{
    begin(rules, NFT_MSG_NEWRULE, NLM_F_APPEND);
    netlink_put_text(&rules->batch, NFTA_RULE_TABLE, rules->table);
    netlink_put_text(&rules->batch, NFTA_RULE_CHAIN, rules->chain);
    rules->expressions = netlink_begin_nest(&rules->batch, NFTA_RULE_EXPRESSIONS);
}

static void end_rule(struct rules *rules)
{
    netlink_end_nest(&rules->batch, rules->expressions);
}

static void expression(struct rules *rules, const char *name)
{
    rules->element = netlink_begin_nest(&rules->batch, NFTA_LIST_ELEM);
    netlink_put_text(&rules->batch, NFTA_EXPR_NAME, name);
    rules->data = netlink_begin_nest(&rules->batch, NFTA_EXPR_DATA);
}

static void end_expression(struct rules *rules)
{
    netlink_end_nest(&rules->batch, rules->data);
    netlink_end_nest(&rules->batch, rules->element);
}

static void put_value(struct rules *rules, uint16_t type, const void *value, size_t length)
{
    const size_t nest = netlink_begin_nest(&rules->batch, type);

    netlink_put(&rules->batch, NFTA_DATA_VALUE, value, length);
    netlink_end_nest(&rules->batch, nest);
}

static void load_meta(struct rules *rules, uint32_t key)
{
    expression(rules, "meta");
    netlink_put_be32(&rules->batch, NFTA_META_DREG, NFT_REG_1);
    netlink_put_be32(&rules->batch, NFTA_META_KEY, key);
    end_expression(rules);
}

/* The interface a packet with this address would leave by, 0 where there is none. */
static void load_way_of(struct rules *rules, uint32_t address)
{
    expression(rules, "fib");
    netlink_put_be32(&rules->batch, NFTA_FIB_DREG, NFT_REG_1);
    netlink_put_be32(&rules->batch, NFTA_FIB_RESULT, NFT_FIB_RESULT_OIF);
    netlink_put_be32(&rules->batch, NFTA_FIB_FLAGS, address);
    end_expression(rules);
}

static void load_transport(struct rules *rules, uint32_t offset, uint32_t length)
{
    expression(rules, "payload");
    netlink_put_be32(&rules->batch, NFTA_PAYLOAD_DREG, NFT_REG_1);
    netlink_put_be32(&rules->batch, NFTA_PAYLOAD_BASE, NFT_PAYLOAD_TRANSPORT_HEADER);
    netlink_put_be32(&rules->batch, NFTA_PAYLOAD_OFFSET, offset);
    netlink_put_be32(&rules->batch, NFTA_PAYLOAD_LEN, length);
    end_expression(rules);
}

static void compare(struct rules *rules, uint32_t how, const void *value, size_t length)
{
    expression(rules, "cmp");
    netlink_put_be32(&rules->batch, NFTA_CMP_SREG, NFT_REG_1);
    netlink_put_be32(&rules->batch, NFTA_CMP_OP, how);
    put_value(rules, NFTA_CMP_DATA, value, length);
    end_expression(rules);
}

static void compare_byte(struct rules *rules, uint32_t how, uint8_t value)
{
    compare(rules, how, &value, sizeof(value));
}

static void verdict(struct rules *rules, uint32_t code)
{
    expression(rules, "immediate");
    netlink_put_be32(&rules->batch, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
    const size_t data = netlink_begin_nest(&rules->batch, NFTA_IMMEDIATE_DATA);
    const size_t nest = netlink_begin_nest(&rules->batch, NFTA_DATA_VERDICT);
    netlink_put_be32(&rules->batch, NFTA_VERDICT_CODE, code);
    netlink_end_nest(&rules->batch, nest);
    netlink_end_nest(&rules->batch, data);
    end_expression(rules);
}

static void do_not_track(struct rules *rules)
{
    expression(rules, "notrack");
    end_expression(rules);
}

static void refuse(struct rules *rules)
{
    const uint8_t prohibited = NFT_REJECT_ICMPX_ADMIN_PROHIBITED;

    expression(rules, "reject");
    netlink_put_be32(&rules->batch, NFTA_REJECT_TYPE, NFT_REJECT_ICMPX_UNREACH);
    netlink_put(&rules->batch, NFTA_REJECT_ICMP_CODE, &prohibited, sizeof(prohibited));
    end_expression(rules);
    end_rule(rules);
}

/* To the transparent listener at this port, with the address it was for. Where nobody listens the rule does not hold. */
static void to_listener(struct rules *rules, uint16_t port)
{
    const uint16_t network_port = htons(port);

    expression(rules, "immediate");
    netlink_put_be32(&rules->batch, NFTA_IMMEDIATE_DREG, NFT_REG_1);
    put_value(rules, NFTA_IMMEDIATE_DATA, &network_port, sizeof(network_port));
    end_expression(rules);
    expression(rules, "tproxy");
    netlink_put_be32(&rules->batch, NFTA_TPROXY_FAMILY, NFPROTO_UNSPEC);
    netlink_put_be32(&rules->batch, NFTA_TPROXY_REG_PORT, NFT_REG_1);
    end_expression(rules);
}

static bool ask(int netlink, struct rules *rules)
{
    frame(rules, NFNL_MSG_BATCH_END);
    return netlink_ask(netlink, &rules->batch);
}

/*
 * In the words of iptables, whose tables these are: `-A CHAIN -i egress0 -j ACCEPT`. Answers belong to no connection the kernel tracks, and Docker's rules, which come
 * behind, let none through that does not. They come from a namespace in which nothing but our own sockets is.
 */
static void accept_answers(struct rules *rules)
{
    static const char LINK_NAME[] = EGRESS_LINK;

    rule(rules);
    load_meta(rules, NFT_META_IIFNAME);
    compare(rules, NFT_CMP_EQ, LINK_NAME, sizeof(LINK_NAME));
    expression(rules, "counter");
    end_expression(rules);
    verdict(rules, NF_ACCEPT);
    end_rule(rules);
}

static void accept_answers_of(struct rules *rules, uint8_t family)
{
    in_table(rules, family, "raw");
    in_hook(rules, "PREROUTING", NF_INET_PRE_ROUTING, RAW);
    accept_answers(rules);
    in_table(rules, family, "filter");
    in_chain(rules, "DOCKER-USER");
    accept_answers(rules);
}

/*
 * Threats. Who asks is known by the source address alone, so a packet that does not come by the network of its source goes nowhere, nor does one with an address of
 * the engine's own. Nothing is translated, whatever a network's options say (`com.docker.network.host_ipv4` would make a container the engine), because nothing
 * is tracked: and no container can fill the table of connections, which all share, by connecting to the world. What Docker lets go out goes out, and so
 * nothing of an `--internal` network does.
 */
bool firewall_of_engine(int netlink, uint32_t link)
{
    static struct rules rules;
    const uint32_t none = 0;

    memset(&rules, 0, sizeof(rules));
    frame(&rules, NFNL_MSG_BATCH_BEGIN);
    in_table(&rules, NFPROTO_INET, OWN_TABLE);
    in_hook(&rules, "arriving", NF_INET_PRE_ROUTING, BEFORE_RAW);
    rule(&rules);
    load_meta(&rules, NFT_META_IIF);
    compare(&rules, NFT_CMP_EQ, &link, sizeof(link));
    do_not_track(&rules);
    verdict(&rules, NF_ACCEPT);
    end_rule(&rules);
    rule(&rules);
    load_way_of(&rules, NFTA_FIB_F_DADDR);
    compare(&rules, NFT_CMP_NEQ, &link, sizeof(link));
    verdict(&rules, NF_ACCEPT);
    end_rule(&rules);
    rule(&rules);
    load_way_of(&rules, NFTA_FIB_F_SADDR | NFTA_FIB_F_IIF);
    compare(&rules, NFT_CMP_EQ, &none, sizeof(none));
    verdict(&rules, NF_DROP);
    end_rule(&rules);
    rule(&rules);
    do_not_track(&rules);
    end_rule(&rules);
    in_hook(&rules, "leaving", NF_INET_LOCAL_OUT, BEFORE_RAW);
    rule(&rules);
    load_meta(&rules, NFT_META_OIF);
    compare(&rules, NFT_CMP_EQ, &link, sizeof(link));
    do_not_track(&rules);
    end_rule(&rules);
    accept_answers_of(&rules, NFPROTO_IPV4);
    accept_answers_of(&rules, NFPROTO_IPV6);
    return ask(netlink, &rules);
}

bool firewall_of_way(int netlink, uint16_t port)
{
    static struct rules rules;
    const uint16_t names = htons(NAMES_PORT);

    memset(&rules, 0, sizeof(rules));
    frame(&rules, NFNL_MSG_BATCH_BEGIN);
    in_table(&rules, NFPROTO_INET, OWN_TABLE);
    in_hook(&rules, "arriving", NF_INET_PRE_ROUTING, MANGLE);
    rule(&rules);
    load_meta(&rules, NFT_META_L4PROTO);
    compare_byte(&rules, NFT_CMP_EQ, IPPROTO_TCP);
    to_listener(&rules, port);
    verdict(&rules, NF_ACCEPT);
    end_rule(&rules);
    /* Where nobody listens, the kernel refuses it by a reset. */
    rule(&rules);
    load_meta(&rules, NFT_META_L4PROTO);
    compare_byte(&rules, NFT_CMP_EQ, IPPROTO_TCP);
    verdict(&rules, NF_ACCEPT);
    end_rule(&rules);
    rule(&rules);
    load_meta(&rules, NFT_META_L4PROTO);
    compare_byte(&rules, NFT_CMP_EQ, IPPROTO_UDP);
    load_transport(&rules, offsetof(struct udphdr, dest), sizeof(names));
    compare(&rules, NFT_CMP_EQ, &names, sizeof(names));
    verdict(&rules, NF_ACCEPT);
    end_rule(&rules);
    rule(&rules);
    load_meta(&rules, NFT_META_L4PROTO);
    compare_byte(&rules, NFT_CMP_EQ, IPPROTO_ICMPV6);
    load_transport(&rules, 0, 1);
    compare_byte(&rules, NFT_CMP_GTE, FIRST_NEIGHBOUR_TYPE);
    compare_byte(&rules, NFT_CMP_LTE, LAST_NEIGHBOUR_TYPE);
    verdict(&rules, NF_ACCEPT);
    end_rule(&rules);
    /* At once, so that nobody waits. An echo the kernel would otherwise answer, whoever it was for. */
    rule(&rules);
    refuse(&rules);
    return ask(netlink, &rules);
}
