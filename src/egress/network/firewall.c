/* The engine's root has iptables and not nft, which alone has what is needed here, where a packet will go before it is routed; and on a host without a VM there may be neither. */
#include "firewall.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <stddef.h>

#include "../../daemon/publish-port/proxies-group.h"
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

#define TCP_FLAGS_AT 13

/* What an address may begin in a second, and at once before that counts; a network four times as much. */
#define MOST_A_SECOND 1000
#define MOST_AT_ONCE 2000
#define OF_NETWORK 4
/* Until all that it may begin at once is there again; then nothing need be remembered of it. */
#define REMEMBERED_SECONDS (MOST_AT_ONCE / MOST_A_SECOND + 1)

/* By what of a source address is counted: all of it, or what is its network's, which are as large as for the relay's shares (`key_of` of src/egress/relay/sources.c). */
struct counting {
    struct nft_counted counted;
    uint8_t family;
    uint8_t at;
    uint8_t loaded;
    enum { ALL, SMALL, OTHERS } which; /* of the networks Docker gives out itself some are small */
    uint32_t times;
};

static const struct counting COUNTINGS[] = {
    {.counted = {"addresses4", 4, REMEMBERED_SECONDS}, .family = NFPROTO_IPV4, .at = 12, .loaded = 4, .times = 1},
    {.counted = {"addresses6", 16, REMEMBERED_SECONDS}, .family = NFPROTO_IPV6, .at = 8, .loaded = 16, .times = 1},
    {.counted = {"small4", 4, REMEMBERED_SECONDS}, .family = NFPROTO_IPV4, .at = 12, .loaded = 4, .which = SMALL, .times = OF_NETWORK},
    {.counted = {"networks4", 2, REMEMBERED_SECONDS}, .family = NFPROTO_IPV4, .at = 12, .loaded = 2, .which = OTHERS, .times = OF_NETWORK},
    {.counted = {"networks6", 8, REMEMBERED_SECONDS}, .family = NFPROTO_IPV6, .at = 8, .loaded = 8, .times = OF_NETWORK},
};

static void drop_too_many(struct nft_batch *rules, const struct counting *counting)
{
    const uint16_t small = htons(0xc0a8);
    const uint32_t network = htonl(0xfffff000);

    nft_rule(rules);
    nft_meta(rules, NFT_META_NFPROTO);
    nft_compare(rules, NFT_CMP_EQ, &counting->family, sizeof(counting->family));
    if (counting->which != ALL) {
        nft_payload(rules, NFT_PAYLOAD_NETWORK_HEADER, counting->at, sizeof(small));
        nft_compare(rules, counting->which == SMALL ? NFT_CMP_EQ : NFT_CMP_NEQ, &small, sizeof(small));
    }
    nft_payload(rules, NFT_PAYLOAD_NETWORK_HEADER, counting->at, counting->loaded);
    if (counting->which == SMALL)
        nft_masked(rules, &network, sizeof(network));
    nft_too_often(rules, counting->counted.set, MOST_A_SECOND * counting->times, MOST_AT_ONCE * counting->times);
    nft_verdict(rules, NF_DROP);
    nft_end_rule(rules);
}

/*
 * Threat: a container that begins connections, half of them or whole, or asks for names, as fast as it can: relay and gateway would have nothing else to do, and what
 * others begin would wait for its. What is too much is dropped here, in the time of who sent it: TCP sends it again, so a program that means it gets there a second later.
 * By address and by network, of which a container can take any address (NET_RAW).
 */
static void drop_floods(struct nft_batch *rules)
{
    const uint8_t tcp = IPPROTO_TCP, flags = TH_SYN | TH_ACK | TH_RST | TH_FIN, begins = TH_SYN;

    for (size_t i = 0; i < sizeof(COUNTINGS) / sizeof(COUNTINGS[0]); i++)
        nft_counts(rules, &COUNTINGS[i].counted);
    nft_rule(rules);
    nft_meta(rules, NFT_META_L4PROTO);
    NFT_IS(rules, tcp);
    nft_payload(rules, NFT_PAYLOAD_TRANSPORT_HEADER, TCP_FLAGS_AT, sizeof(flags));
    nft_masked(rules, &flags, sizeof(flags));
    NFT_IS_NOT(rules, begins);
    nft_verdict(rules, NF_ACCEPT);
    nft_end_rule(rules);
    for (size_t i = 0; i < sizeof(COUNTINGS) / sizeof(COUNTINGS[0]); i++)
        drop_too_many(rules, &COUNTINGS[i]);
}

/* What a rule of `leaving` lets through, whoever sends it. */
static void accept_to_loopback(struct nft_batch *rules)
{
    static const struct in6_addr LOOPBACK6 = IN6ADDR_LOOPBACK_INIT;
    const uint8_t ipv4 = NFPROTO_IPV4, ipv6 = NFPROTO_IPV6, loopback = IN_LOOPBACKNET;

    nft_rule(rules);
    nft_meta(rules, NFT_META_NFPROTO);
    NFT_IS(rules, ipv4);
    nft_payload(rules, NFT_PAYLOAD_NETWORK_HEADER, offsetof(struct iphdr, daddr), sizeof(loopback));
    NFT_IS(rules, loopback);
    nft_verdict(rules, NF_ACCEPT);
    nft_end_rule(rules);
    nft_rule(rules);
    nft_meta(rules, NFT_META_NFPROTO);
    NFT_IS(rules, ipv6);
    nft_payload(rules, NFT_PAYLOAD_NETWORK_HEADER, offsetof(struct ip6_hdr, ip6_dst), sizeof(LOOPBACK6));
    NFT_IS(rules, LOOPBACK6);
    nft_verdict(rules, NF_ACCEPT);
    nft_end_rule(rules);
}

/*
 * Threat: a network that somebody gives the addresses of a registry (`docker network create --subnet`), or a bridge that has one itself. The engine would ask a container there under the
 * registry's name, of which the gateway hears nothing, and believe it where it is to do without a certificate. So whatever the engine begins goes by the link, or to the
 * loopback, which names no registry of the world. docker-proxy does connect to containers: it has a group of its own (`publish-port`).
 */
static void keep_from_containers(struct nft_batch *rules)
{
    const uint8_t tcp = IPPROTO_TCP, flags = TH_SYN | TH_ACK | TH_RST | TH_FIN, begins = TH_SYN;
    const uint32_t proxies = PROXIES_GROUP;

    accept_to_loopback(rules);
    nft_rule(rules);
    nft_meta(rules, NFT_META_SKGID);
    NFT_IS(rules, proxies);
    nft_verdict(rules, NF_ACCEPT);
    nft_end_rule(rules);
    nft_rule(rules);
    nft_meta(rules, NFT_META_L4PROTO);
    NFT_IS(rules, tcp);
    nft_payload(rules, NFT_PAYLOAD_TRANSPORT_HEADER, TCP_FLAGS_AT, sizeof(flags));
    nft_masked(rules, &flags, sizeof(flags));
    NFT_IS(rules, begins);
    nft_reject(rules);
    nft_end_rule(rules);
}

/*
 * Threats. Who asks is known by the source address alone, so a packet that does not come by the network of its source goes nowhere, nor does one with an address of
 * the engine's own. Nothing is translated, whatever a network's options say (`com.docker.network.host_ipv4` would make a container the engine), because nothing
 * is tracked: and no container can fill the table of connections, which all share, by connecting to the world. What Docker lets go out goes out, and so
 * nothing of an `--internal` network does.
 */
bool firewall_of_engine(int netlink, uint32_t link, bool is_read)
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
    drop_floods(&rules);
    nft_hook(&rules, "leaving", NF_INET_LOCAL_OUT, BEFORE_RAW, NULL);
    nft_rule(&rules);
    nft_meta(&rules, NFT_META_OIF);
    NFT_IS(&rules, link);
    nft_plain(&rules, "notrack");
    nft_verdict(&rules, NF_ACCEPT);
    nft_end_rule(&rules);
    if (is_read)
        keep_from_containers(&rules);
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
