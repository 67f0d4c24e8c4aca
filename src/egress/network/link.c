#include "link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>

#include "../../netlink/netlink.h"
#include "../../netlink/veth.h"
#include "way.h"

_Static_assert(sizeof(EGRESS_LINK) <= IFNAMSIZ, "the link has a name interfaces can have");

#define ANSWERED (NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL)
/* Of the way: by it everything that arrives is for the sockets there. */
#define ARRIVING_TABLE 100
/* The number of `lo` in every namespace. */
#define LOOPBACK 1

/* One family's part of the link. */
struct side {
    uint8_t family;
    uint8_t prefix;
    size_t length;
    const char *own;
    const char *other;
};

static bool set_up(int netlink, unsigned int interface)
{
    static struct netlink_batch batch;
    const struct ifinfomsg up = {.ifi_family = AF_UNSPEC, .ifi_index = (int)interface, .ifi_flags = IFF_UP, .ifi_change = IFF_UP};

    netlink_begin(&batch, RTM_NEWLINK, NLM_F_ACK, &up, sizeof(up));
    return netlink_ask(netlink, &batch);
}

static void put_address(struct netlink_batch *batch, uint16_t type, const struct side *side, const char *text)
{
    unsigned char address[16] = {0};

    inet_pton(side->family, text, address);
    netlink_put(batch, type, address, side->length);
}

static bool give_address(int netlink, unsigned int interface, const struct side *side)
{
    static struct netlink_batch batch;
    /* nobody else is on the link whose address it could be */
    const struct ifaddrmsg address = {
        .ifa_family = side->family, .ifa_prefixlen = side->prefix, .ifa_flags = side->family == AF_INET6 ? IFA_F_NODAD : 0, .ifa_index = interface};

    netlink_begin(&batch, RTM_NEWADDR, ANSWERED, &address, sizeof(address));
    put_address(&batch, IFA_LOCAL, side, side->own);
    put_address(&batch, IFA_ADDRESS, side, side->own);
    return netlink_ask(netlink, &batch);
}

static bool lead_out(int netlink, unsigned int interface, const struct side *side)
{
    static struct netlink_batch batch;
    const struct rtmsg route = {
        .rtm_family = side->family, .rtm_table = RT_TABLE_MAIN, .rtm_protocol = RTPROT_BOOT, .rtm_scope = RT_SCOPE_UNIVERSE, .rtm_type = RTN_UNICAST};

    netlink_begin(&batch, RTM_NEWROUTE, ANSWERED, &route, sizeof(route));
    put_address(&batch, RTA_GATEWAY, side, side->other);
    netlink_put_u32(&batch, RTA_OIF, interface);
    return netlink_ask(netlink, &batch);
}

/* What arrives by the link is for this machine, whatever address it has. What the sockets send goes by the main table. */
static bool take_all(int netlink, const struct side *side)
{
    static struct netlink_batch batch;
    const struct rtmsg local = {
        .rtm_family = side->family, .rtm_table = ARRIVING_TABLE, .rtm_protocol = RTPROT_BOOT, .rtm_scope = RT_SCOPE_HOST, .rtm_type = RTN_LOCAL};
    const struct fib_rule_hdr arriving = {.family = side->family, .table = ARRIVING_TABLE, .action = FR_ACT_TO_TBL};

    netlink_begin(&batch, RTM_NEWROUTE, ANSWERED, &local, sizeof(local));
    netlink_put_u32(&batch, RTA_OIF, LOOPBACK);
    if (!netlink_ask(netlink, &batch))
        return false;
    netlink_begin(&batch, RTM_NEWRULE, ANSWERED, &arriving, sizeof(arriving));
    netlink_put_text(&batch, FRA_IIFNAME, EGRESS_LINK);
    return netlink_ask(netlink, &batch);
}

/* The number of the link in the namespace of the socket. 0 with errno. */
static unsigned int number_of_link(int netlink)
{
    static struct netlink_batch batch;
    static _Alignas(8) char answer[16384];
    const struct ifinfomsg any = {.ifi_family = AF_UNSPEC};
    const struct nlmsghdr *header = (const struct nlmsghdr *)(const void *)answer;

    netlink_begin(&batch, RTM_GETLINK, 0, &any, sizeof(any));
    netlink_put_text(&batch, IFLA_IFNAME, EGRESS_LINK);
    if (!netlink_ask(netlink, &batch))
        return 0;
    const ssize_t got = recv(netlink, answer, sizeof(answer), 0);
    if (got < (ssize_t)NLMSG_LENGTH(sizeof(struct ifinfomsg)) || header->nlmsg_type != RTM_NEWLINK) {
        errno = ENODEV;
        return 0;
    }
    return (unsigned int)((const struct ifinfomsg *)NLMSG_DATA(header))->ifi_index;
}

unsigned int link_make(const struct link_ends *ends, int way_namespace, bool with_ipv6)
{
    static const struct side ENGINE[] = {{AF_INET, EGRESS_PREFIX4, 4, EGRESS_ENGINE4, EGRESS_WAY4}, {AF_INET6, EGRESS_PREFIX6, 16, EGRESS_ENGINE6, EGRESS_WAY6}};
    static const struct side WAY[] = {{AF_INET, EGRESS_PREFIX4, 4, EGRESS_WAY4, EGRESS_ENGINE4}, {AF_INET6, EGRESS_PREFIX6, 16, EGRESS_WAY6, EGRESS_ENGINE6}};

    if (!veth_make(ends->engine, EGRESS_LINK, way_namespace))
        return 0;
    const unsigned int here = number_of_link(ends->engine), there = number_of_link(ends->way);
    if (here == 0 || there == 0 || !set_up(ends->way, LOOPBACK) || !set_up(ends->engine, here) || !set_up(ends->way, there))
        return 0;
    for (size_t i = 0; i < (with_ipv6 ? 2 : 1); i++)
        if (!give_address(ends->engine, here, &ENGINE[i]) || !give_address(ends->way, there, &WAY[i]) || !lead_out(ends->engine, here, &ENGINE[i]) ||
            !lead_out(ends->way, there, &WAY[i]) || !take_all(ends->way, &WAY[i]))
            return 0;
    return here;
}
