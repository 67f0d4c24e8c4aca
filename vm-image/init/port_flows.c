#include "port_flows.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_conntrack_tuple_common.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <netinet/tcp.h>

#include "../../src/netlink/nft.h"

#define TABLE "bulkhead-ports"
#define FLOWS "flows"
/* The host's side of a container's link, as dockerd names it. */
#define LINKS "veth"
/* An interface by the beginning of its name, also one that comes later (Linux 6.18; the headers of the machine that builds this may be older). */
#define DEVICE_PREFIX 2
/* Behind dockerd's rules (NF_IP_PRI_FILTER, which is 0): by then they have let the packet through. */
#define BEHIND_FILTER 10
#define DESTINATION_AT 16
#define TCP_FLAGS_AT 13

static const uint8_t tcp = IPPROTO_TCP;

/*
 * Threat: a container whose port is reached from the loopback of the host sends, in the midst of that connection, what begins another one, back to the port that
 * reached it. The mark it would need is not given to such a packet, but one that belongs to a flow passes nothing that gives marks. QEMU's user network
 * begins a connection for SYN without ACK and for nothing else.
 */
bool guard_gateway(const char *card, struct in_addr gateway)
{
    const uint16_t ip = htons(ETH_P_IP);
    const uint8_t syn_and_ack = TH_SYN | TH_ACK, syn = TH_SYN;
    static struct nft_batch rules;

    nft_begin(&rules);
    nft_table(&rules, NFPROTO_NETDEV, TABLE, NLM_F_EXCL);
    nft_hook(&rules, "card", NF_NETDEV_EGRESS, 0, card);
    nft_rule(&rules);
    nft_meta(&rules, NFT_META_PROTOCOL);
    NFT_IS(&rules, ip);
    nft_payload(&rules, NFT_PAYLOAD_NETWORK_HEADER, DESTINATION_AT, sizeof(gateway.s_addr));
    NFT_IS(&rules, gateway.s_addr);
    nft_meta(&rules, NFT_META_L4PROTO);
    NFT_IS(&rules, tcp);
    nft_payload(&rules, NFT_PAYLOAD_TRANSPORT_HEADER, TCP_FLAGS_AT, sizeof(syn));
    nft_masked(&rules, &syn_and_ack, sizeof(syn_and_ack));
    NFT_IS(&rules, syn);
    nft_verdict(&rules, NF_DROP);
    nft_end_rule(&rules);
    return nft_commit_here(&rules);
}

static void new_flows(struct nft_batch *rules, const char *card)
{
    struct netlink_batch *batch = &rules->batch;

    nft_message(rules, NFT_MSG_NEWFLOWTABLE, NLM_F_EXCL);
    netlink_put_text(batch, NFTA_FLOWTABLE_TABLE, TABLE);
    netlink_put_text(batch, NFTA_FLOWTABLE_NAME, FLOWS);
    netlink_nest(batch, NFTA_FLOWTABLE_HOOK);
    netlink_put_be32(batch, NFTA_FLOWTABLE_HOOK_NUM, NF_NETDEV_INGRESS);
    netlink_put_be32(batch, NFTA_FLOWTABLE_HOOK_PRIORITY, 0);
    netlink_nest(batch, NFTA_FLOWTABLE_HOOK_DEVS);
    netlink_put_text(batch, NFTA_DEVICE_NAME, card);
    netlink_put_text(batch, DEVICE_PREFIX, LINKS);
    netlink_end(batch);
    netlink_end(batch);
}

/*
 * Of TCP, what leaves by the card in answer to a connection whose destination was translated: nothing but published ports is reached that way. The answer has passed
 * all rules and has its mark, so both ways of the connection are known. What containers begin themselves goes on asking the firewall for each packet.
 */
static bool add_flows(const char *card)
{
    const uint32_t interface = if_nametoindex(card), translated = IPS_DST_NAT;
    const uint8_t reply = IP_CT_DIR_REPLY;
    static struct nft_batch rules;

    nft_begin(&rules);
    nft_table(&rules, NFPROTO_IPV4, TABLE, NLM_F_EXCL);
    new_flows(&rules, card);
    nft_hook(&rules, "replies", NF_INET_FORWARD, BEHIND_FILTER, NULL);
    nft_rule(&rules);
    nft_meta(&rules, NFT_META_L4PROTO);
    NFT_IS(&rules, tcp);
    nft_meta(&rules, NFT_META_OIF);
    NFT_IS(&rules, interface);
    nft_connection(&rules, NFT_CT_DIRECTION);
    NFT_IS(&rules, reply);
    nft_connection(&rules, NFT_CT_STATUS);
    nft_masked(&rules, &translated, sizeof(translated));
    NFT_IS(&rules, translated);
    nft_add_to_flows(&rules, FLOWS);
    nft_end_rule(&rules);
    return nft_commit_here(&rules);
}

bool add_port_flows(const char *card, const struct net_params *params)
{
    return (!gateway_refused(params) || guard_gateway(card, params->gateway)) && add_flows(card);
}
