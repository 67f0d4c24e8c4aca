#include "reply_route.h"

#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>

#include "../../src/netlink/netlink.h"

#define NEW (NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL)
/* Any number below 253 that nobody else uses: there are no other tables in a VM. */
#define REPLY_TABLE 100

static void add_route(struct netlink_batch *batch, struct in_addr gateway, unsigned int interface)
{
    const struct rtmsg route = {.rtm_family = AF_INET,
                                .rtm_dst_len = 32,
                                .rtm_table = REPLY_TABLE,
                                .rtm_protocol = RTPROT_BOOT,
                                .rtm_scope = RT_SCOPE_LINK,
                                .rtm_type = RTN_UNICAST};

    netlink_begin(batch, RTM_NEWROUTE, NEW, &route, sizeof(route));
    netlink_put(batch, RTA_DST, &gateway, sizeof(gateway));
    netlink_put_u32(batch, RTA_OIF, interface);
}

static void add_rule(struct netlink_batch *batch)
{
    const struct fib_rule_hdr rule = {.family = AF_INET, .table = REPLY_TABLE, .action = FR_ACT_TO_TBL};

    netlink_begin(batch, RTM_NEWRULE, NEW, &rule, sizeof(rule));
    netlink_put_u32(batch, FRA_FWMARK, REPLY_MARK);
}

bool add_reply_route(struct in_addr gateway, unsigned int interface)
{
    static struct netlink_batch batch;

    add_route(&batch, gateway, interface);
    add_rule(&batch);
    return netlink_ask_once(NETLINK_ROUTE, &batch);
}
