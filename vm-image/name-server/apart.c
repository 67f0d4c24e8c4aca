#include "apart.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <net/route.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../src/netlink/netlink.h"
#include "../../src/netlink/veth.h"

_Static_assert(sizeof(LINK) <= IFNAMSIZ, "the link has a name interfaces can have");

/* Its namespace is taken down when the kernel finds the time, and the name is taken until then. */
static bool remove_link(int netlink)
{
    static struct netlink_batch batch;
    const struct ifinfomsg any = {.ifi_family = AF_UNSPEC};

    netlink_begin(&batch, RTM_DELLINK, NLM_F_ACK, &any, sizeof(any));
    netlink_put_text(&batch, IFLA_IFNAME, LINK);
    return netlink_ask(netlink, &batch) || errno == ENODEV;
}

static void put_address(struct sockaddr *place, struct in_addr address)
{
    const struct sockaddr_in value = {.sin_family = AF_INET, .sin_addr = address};

    memcpy(place, &value, sizeof(value));
}

static bool give_address(int control, struct in_addr address)
{
    struct ifreq own = {.ifr_name = LINK}, mask = {.ifr_name = LINK};

    put_address(&own.ifr_addr, address);
    put_address(&mask.ifr_netmask, (struct in_addr){INADDR_NONE});
    return ioctl(control, SIOCSIFADDR, &own) == 0 && ioctl(control, SIOCSIFNETMASK, &mask) == 0;
}

static bool set_up(int control)
{
    struct ifreq request = {.ifr_name = LINK};

    request.ifr_flags = IFF_UP;
    return ioctl(control, SIOCSIFFLAGS, &request) == 0;
}

static bool add_way(int control, struct in_addr to)
{
    char device[] = LINK;
    struct rtentry route = {.rt_flags = RTF_UP | RTF_HOST, .rt_dev = device};

    put_address(&route.rt_dst, to);
    put_address(&route.rt_genmask, (struct in_addr){INADDR_NONE});
    return ioctl(control, SIOCADDRT, &route) == 0;
}

static bool add_way_out(int control, struct in_addr gateway)
{
    struct rtentry route = {.rt_flags = RTF_UP | RTF_GATEWAY};

    put_address(&route.rt_dst, (struct in_addr){INADDR_ANY});
    put_address(&route.rt_genmask, (struct in_addr){INADDR_ANY});
    put_address(&route.rt_gateway, gateway);
    return ioctl(control, SIOCADDRT, &route) == 0;
}

static bool make_way(int home, int home_control, int home_netlink, struct in_addr names, struct in_addr vm)
{
    const int control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    const int netlink = netlink_open(NETLINK_ROUTE);
    /* Here no address of the VM is given to the link: with the link the kernel would take away routes that start from it. */
    const bool made = control >= 0 && netlink >= 0 && remove_link(home_netlink) && veth_make(netlink, LINK, home) && set_up(home_control) &&
                      add_way(home_control, names) && give_address(control, names) && set_up(control) && add_way(control, vm) && add_way_out(control, vm);
    const int error = errno;

    close(control);
    close(netlink);
    errno = error;
    return made;
}

int go_apart(struct in_addr names, struct in_addr vm)
{
    const int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    const int control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    const int netlink = netlink_open(NETLINK_ROUTE);
    const bool made = home >= 0 && control >= 0 && netlink >= 0 && unshare(CLONE_NEWNET) == 0 && make_way(home, control, netlink, names, vm);
    const int error = errno;

    close(control);
    close(netlink);
    if (!made && home >= 0)
        close(home);
    errno = error;
    return made ? home : -1;
}
