#include "flow_limits.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <stddef.h>

#include "../../src/netlink/nft_state.h"

#define TABLE "bulkhead-flows"
#define REFUSED "refused"
#define LASTING "lasting"
#define UDP_AS_LONG "udp-as-long"
/* Behind dockerd's rules (NF_IP_PRI_FILTER, which is 0): what they refuse is no flow. */
#define BEHIND_FILTER 10
#define NAMES_PORT 53

/*
 * libslirp keeps a socket of UDP for 240 s (10 s, once it was answered, where it asked for names), one of TCP until it ends or could not be connected after 75 s, and makes one for each echo it
 * is asked for. So what is counted has to be tracked as long. Names are not counted, which are gone much sooner where they are meant well, and neither are echoes, which are many of one connection.
 *
 * Threat: what has itself forgotten: by a reset that libslirp does not hear while it connects, by a container that ends and is restarted (dockerd has its connections forgotten), by a full table
 * of connections. So how many are begun in a second is bounded as well, of what lasts 240 s more strictly.
 */
#define UDP_SECONDS 250
#define BEGUN_A_SECOND(most) ((most) / 16)
#define BEGUN_AT_ONCE(most) (2 * (most))
#define LASTING_A_SECOND(most) ((most) / 64)
/* Until all that may be begun at once is there again. */
#define REMEMBERED_SECONDS(at_once, a_second) ((at_once) / (a_second) + 1)
#define LOGGED_A_MINUTE 6

/* By source address, and by network, which is the bridge it comes by. */
#define OF_ADDRESSES "addresses"
#define OF_NETWORKS "networks"
#define BEGUN "begun"
#define KEPT "kept"

static const uint8_t tcp = IPPROTO_TCP, udp = IPPROTO_UDP, icmp = IPPROTO_ICMP;

static void make_sets(struct nft_batch *rules, uint32_t most)
{
    const struct nft_counted sets[] = {
        {OF_ADDRESSES, sizeof(struct in_addr), 0},
        {OF_NETWORKS, sizeof(uint32_t), 0},
        {BEGUN, sizeof(uint32_t), REMEMBERED_SECONDS(BEGUN_AT_ONCE(most), BEGUN_A_SECOND(most))},
        {KEPT, sizeof(uint32_t), REMEMBERED_SECONDS(most, LASTING_A_SECOND(most))},
    };

    for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++)
        nft_counts(rules, &sets[i]);
}

/* At once, so that nobody waits, and in the log of the VM, as nothing else says why. */
static void refuse(struct nft_batch *rules)
{
    nft_chain(rules, REFUSED);
    nft_rule(rules);
    nft_each_minute(rules, LOGGED_A_MINUTE);
    nft_log(rules, "bulkhead: a container has too many connections to the world, one is refused: ");
    nft_end_rule(rules);
    nft_rule(rules);
    nft_meta(rules, NFT_META_L4PROTO);
    NFT_IS(rules, tcp);
    nft_plain(rules, "counter");
    nft_reset(rules);
    nft_end_rule(rules);
    nft_rule(rules);
    nft_plain(rules, "counter");
    nft_reject(rules);
    nft_end_rule(rules);
}

static void refuse_where_too_often(struct nft_batch *rules, const char *set, uint32_t a_second, uint32_t at_once)
{
    nft_rule(rules);
    nft_meta(rules, NFT_META_IIF);
    nft_too_often(rules, set, a_second, at_once);
    nft_goto(rules, REFUSED);
    nft_end_rule(rules);
}

/* The rest of a rule for what goes nowhere. */
static void drop(struct nft_batch *rules)
{
    nft_plain(rules, "counter");
    nft_verdict(rules, NF_DROP);
    nft_end_rule(rules);
}

/*
 * Threats: each source address and port of a datagram is a socket, so a container that makes up addresses (NET_RAW), which no bridge then translates, has as many as it likes; and what the kernel does not track
 * would pass uncounted. The VM has IPv4 alone.
 */
static void drop_strangers(struct nft_batch *rules)
{
    const uint8_t ipv4 = NFPROTO_IPV4;
    const uint32_t none = 0, invalid = NF_CT_STATE_INVALID_BIT;

    nft_rule(rules);
    nft_meta(rules, NFT_META_NFPROTO);
    NFT_IS_NOT(rules, ipv4);
    drop(rules);
    nft_rule(rules);
    nft_way_of(rules, NFTA_FIB_F_SADDR | NFTA_FIB_F_IIF);
    NFT_IS(rules, none);
    drop(rules);
    nft_rule(rules);
    nft_connection(rules, NFT_CT_STATE);
    NFT_IS(rules, invalid);
    drop(rules);
}

/* What a connection says that was begun before, and so was let through. Of pings each begins something. */
static void pass_begun(struct nft_batch *rules)
{
    const uint32_t confirmed = IPS_CONFIRMED, none = 0;

    nft_rule(rules);
    nft_meta(rules, NFT_META_L4PROTO);
    NFT_IS_NOT(rules, icmp);
    nft_connection(rules, NFT_CT_STATUS);
    nft_masked(rules, &confirmed, sizeof(confirmed));
    NFT_IS_NOT(rules, none);
    nft_verdict(rules, NF_ACCEPT);
    nft_end_rule(rules);
}

static void pass_uncounted(struct nft_batch *rules)
{
    const uint16_t names = htons(NAMES_PORT);

    nft_rule(rules);
    nft_meta(rules, NFT_META_L4PROTO);
    NFT_IS(rules, icmp);
    nft_goto(rules, LASTING);
    nft_end_rule(rules);
    nft_rule(rules);
    nft_meta(rules, NFT_META_L4PROTO);
    NFT_IS(rules, udp);
    nft_payload(rules, NFT_PAYLOAD_TRANSPORT_HEADER, offsetof(struct udphdr, dest), sizeof(names));
    NFT_IS(rules, names);
    nft_goto(rules, LASTING);
    nft_end_rule(rules);
}

static void refuse_too_many(struct nft_batch *rules, uint32_t most)
{
    nft_rule(rules);
    nft_tracked_so_long(rules, UDP_AS_LONG);
    nft_end_rule(rules);
    nft_rule(rules);
    nft_payload(rules, NFT_PAYLOAD_NETWORK_HEADER, offsetof(struct iphdr, saddr), sizeof(struct in_addr));
    nft_too_many(rules, OF_ADDRESSES, most / 2);
    nft_goto(rules, REFUSED);
    nft_end_rule(rules);
    nft_rule(rules);
    nft_meta(rules, NFT_META_IIF);
    nft_too_many(rules, OF_NETWORKS, most);
    nft_goto(rules, REFUSED);
    nft_end_rule(rules);
    nft_rule(rules);
    nft_meta(rules, NFT_META_L4PROTO);
    NFT_IS(rules, udp);
    nft_goto(rules, LASTING);
    nft_end_rule(rules);
    refuse_where_too_often(rules, BEGUN, BEGUN_A_SECOND(most), BEGUN_AT_ONCE(most));
}

bool limit_flows(const char *card, uint32_t most)
{
    const uint32_t interface = if_nametoindex(card);
    static struct nft_batch rules;

    nft_begin(&rules);
    nft_table(&rules, NFPROTO_INET, TABLE, NLM_F_EXCL);
    make_sets(&rules, most);
    nft_udp_seconds(&rules, UDP_AS_LONG, UDP_SECONDS);
    refuse(&rules);
    nft_chain(&rules, LASTING);
    refuse_where_too_often(&rules, KEPT, LASTING_A_SECOND(most), most);
    nft_hook(&rules, "leaving", NF_INET_FORWARD, BEHIND_FILTER, NULL);
    nft_rule(&rules);
    nft_meta(&rules, NFT_META_OIF);
    NFT_IS_NOT(&rules, interface);
    nft_verdict(&rules, NF_ACCEPT);
    nft_end_rule(&rules);
    pass_begun(&rules);
    drop_strangers(&rules);
    pass_uncounted(&rules);
    refuse_too_many(&rules, most);
    return nft_commit_here(&rules);
}
