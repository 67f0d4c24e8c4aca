#include "veth.h"

#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <sys/socket.h>

#include "netlink.h"

bool veth_make(int netlink, const char *name, int there)
{
    static struct netlink_batch batch;
    const struct ifinfomsg none = {.ifi_family = AF_UNSPEC};

    netlink_begin(&batch, RTM_NEWLINK, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, &none, sizeof(none));
    netlink_put_text(&batch, IFLA_IFNAME, name);
    netlink_nest(&batch, IFLA_LINKINFO);
    netlink_put_text(&batch, IFLA_INFO_KIND, "veth");
    netlink_nest(&batch, IFLA_INFO_DATA);
    netlink_nest(&batch, VETH_INFO_PEER);
    netlink_put_bare(&batch, &none, sizeof(none));
    netlink_put_text(&batch, IFLA_IFNAME, name);
    netlink_put_u32(&batch, IFLA_NET_NS_FD, (uint32_t)there);
    netlink_end(&batch);
    netlink_end(&batch);
    netlink_end(&batch);
    return netlink_ask(netlink, &batch);
}
