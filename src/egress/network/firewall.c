/* The engine's root has iptables and not nft, which alone has what is needed here, where a packet will go before it is routed; and on a host without a VM there may be neither. */
#include "firewall.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stddef.h>

#include "../../netlink/nft.h"
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

/*
 * In the words of iptables, whose tables these are: `-A CHAIN -i egress0 -j ACCEPT`. Answers belong to no connection the kernel tracks, and Docker's rules, which come
 * behind, let none through that does not. They come from a namespace in which nothing but our own sockets is.
 */
static void accept_answers(struct nft_batch *rules)
{
    static const char LINK_NAME[] = EGRESS_LINK;

    nft_rule(rules);
    nft_meta(rules, NFT_META_IIFNAME);
    NFT_IS(rules, LINK_NAME);
    nft_plain(rules, "counter");
    nft_verdict(rules, NF_ACCEPT);
    nft_end_rule(rules);
}

static void accept_answers_of(struct nft_batch *rules, uint8_t family)
{
    nft_table(rules, family, "raw", 0);
    nft_hook(rules, "PREROUTING", NF_INET_PRE_ROUTING, RAW, NULL);
    accept_answers(rules);
    nft_table(rules, family, "filter", 0);
    nft_chain(rules, "DOCKER-USER");
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
    static struct nft_batch rules;
    const uint32_t none = 0;

    nft_begin(&rules);
    nft_table(&rules, NFPROTO_INET, OWN_TABLE, 0);
    nft_hook(&rules, "arriving", NF_INET_PRE_ROUTING, BEFORE_RAW, NULL);
    nft_rule(&rules);
    nft_meta(&rules, NFT_META_IIF);
    NFT_IS(&rules, link);
    nft_plain(&rules, "notrack");
    nft_verdict(&rules, NF_ACCEPT);
    nft_end_rule(&rules);
    nft_rule(&rules);
    nft_way_of(&rules, NFTA_FIB_F_DADDR);
    NFT_IS_NOT(&rules, link);
    nft_verdict(&rules, NF_ACCEPT);
    nft_end_rule(&rules);
    nft_rule(&rules);
    nft_way_of(&rules, NFTA_FIB_F_SADDR | NFTA_FIB_F_IIF);
    NFT_IS(&rules, none);
    nft_verdict(&rules, NF_DROP);
    nft_end_rule(&rules);
    nft_rule(&rules);
    nft_plain(&rules, "notrack");
    nft_end_rule(&rules);
    nft_hook(&rules, "leaving", NF_INET_LOCAL_OUT, BEFORE_RAW, NULL);
    nft_rule(&rules);
    nft_meta(&rules, NFT_META_OIF);
    NFT_IS(&rules, link);
    nft_plain(&rules, "notrack");
    nft_end_rule(&rules);
    accept_answers_of(&rules, NFPROTO_IPV4);
    accept_answers_of(&rules, NFPROTO_IPV6);
    return nft_commit(netlink, &rules);
}

bool firewall_of_way(int netlink, uint16_t port)
{
    static struct nft_batch rules;
    const uint16_t names = htons(NAMES_PORT);
    const uint8_t tcp = IPPROTO_TCP, udp = IPPROTO_UDP, icmp6 = IPPROTO_ICMPV6;
    const uint8_t first_neighbour = FIRST_NEIGHBOUR_TYPE, last_neighbour = LAST_NEIGHBOUR_TYPE;

    nft_begin(&rules);
    nft_table(&rules, NFPROTO_INET, OWN_TABLE, 0);
    nft_hook(&rules, "arriving", NF_INET_PRE_ROUTING, MANGLE, NULL);
    nft_rule(&rules);
    nft_meta(&rules, NFT_META_L4PROTO);
    NFT_IS(&rules, tcp);
    nft_to_listener(&rules, port);
    nft_verdict(&rules, NF_ACCEPT);
    nft_end_rule(&rules);
    /* Where nobody listens, the kernel refuses it by a reset. */
    nft_rule(&rules);
    nft_meta(&rules, NFT_META_L4PROTO);
    NFT_IS(&rules, tcp);
    nft_verdict(&rules, NF_ACCEPT);
    nft_end_rule(&rules);
    nft_rule(&rules);
    nft_meta(&rules, NFT_META_L4PROTO);
    NFT_IS(&rules, udp);
    nft_payload(&rules, NFT_PAYLOAD_TRANSPORT_HEADER, offsetof(struct udphdr, dest), sizeof(names));
    NFT_IS(&rules, names);
    nft_verdict(&rules, NF_ACCEPT);
    nft_end_rule(&rules);
    nft_rule(&rules);
    nft_meta(&rules, NFT_META_L4PROTO);
    NFT_IS(&rules, icmp6);
    nft_payload(&rules, NFT_PAYLOAD_TRANSPORT_HEADER, 0, sizeof(first_neighbour));
    nft_compare(&rules, NFT_CMP_GTE, &first_neighbour, sizeof(first_neighbour));
    nft_compare(&rules, NFT_CMP_LTE, &last_neighbour, sizeof(last_neighbour));
    nft_verdict(&rules, NF_ACCEPT);
    nft_end_rule(&rules);
    /* At once, so that nobody waits. An echo the kernel would otherwise answer, whoever it was for. */
    nft_rule(&rules);
    nft_reject(&rules);
    nft_end_rule(&rules);
    return nft_commit(netlink, &rules);
}
