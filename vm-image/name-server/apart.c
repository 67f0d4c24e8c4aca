#include "apart.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <net/route.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

_Static_assert(sizeof(LINK) <= IFNAMSIZ, "the link has a name interfaces can have");

struct request {
    struct nlmsghdr header;
    char rest[256];
};

/* Its place in the message, for what has others in it. */
static struct rtattr *put(struct request *request, unsigned short type, const void *value, size_t length)
{
    struct rtattr *attribute = (struct rtattr *)(void *)((char *)request + NLMSG_ALIGN(request->header.nlmsg_len));

    attribute->rta_type = type;
    attribute->rta_len = (unsigned short)RTA_LENGTH(length);
    if (length > 0)
        memcpy(RTA_DATA(attribute), value, length);
    request->header.nlmsg_len = NLMSG_ALIGN(request->header.nlmsg_len) + (uint32_t)RTA_ALIGN(attribute->rta_len);
    return attribute;
}

static void end(const struct request *request, struct rtattr *attribute)
{
    attribute->rta_len = (unsigned short)((const char *)request + request->header.nlmsg_len - (char *)attribute);
}

static void begin(struct request *request, uint16_t type, uint16_t flags)
{
    memset(request, 0, sizeof(*request));
    request->header.nlmsg_type = type;
    request->header.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags);
    request->header.nlmsg_len = NLMSG_LENGTH(sizeof(struct ifinfomsg));
}

/* False with the kernel's errno. */
static bool ask(int netlink, const struct request *request)
{
    struct {
        struct nlmsghdr header;
        struct nlmsgerr error;
        char rest[sizeof(struct request)];
    } answer;

    if (send(netlink, request, request->header.nlmsg_len, 0) != (ssize_t)request->header.nlmsg_len)
        return false;
    const ssize_t length = recv(netlink, &answer, sizeof(answer), 0);
    if (length < (ssize_t)NLMSG_LENGTH(sizeof(answer.error)) || answer.header.nlmsg_type != NLMSG_ERROR) {
        errno = length < 0 ? errno : EPROTO;
        return false;
    }
    errno = -answer.error.error;
    return answer.error.error == 0;
}

/* One end here, where `netlink` is of; the other in the namespace `there`. */
static bool make_link(int netlink, int there)
{
    struct request request;
    struct ifinfomsg none = {.ifi_family = AF_UNSPEC};
    const uint32_t descriptor = (uint32_t)there;

    begin(&request, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
    put(&request, IFLA_IFNAME, LINK, sizeof(LINK));
    struct rtattr *info = put(&request, IFLA_LINKINFO, NULL, 0);
    put(&request, IFLA_INFO_KIND, "veth", sizeof("veth"));
    struct rtattr *data = put(&request, IFLA_INFO_DATA, NULL, 0);
    struct rtattr *peer = put(&request, VETH_INFO_PEER, &none, sizeof(none));
    put(&request, IFLA_IFNAME, LINK, sizeof(LINK));
    put(&request, IFLA_NET_NS_FD, &descriptor, sizeof(descriptor));
    end(&request, peer);
    end(&request, data);
    end(&request, info);
    return ask(netlink, &request);
}

/* Its namespace is taken down when the kernel finds the time, and the name is taken until then. */
static bool remove_link(int netlink)
{
    struct request request;

    begin(&request, RTM_DELLINK, 0);
    put(&request, IFLA_IFNAME, LINK, sizeof(LINK));
    return ask(netlink, &request) || errno == ENODEV;
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
    const int netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    /* Here no address of the VM is given to the link: with the link the kernel would take away routes that start from it. */
    const bool made = control >= 0 && netlink >= 0 && remove_link(home_netlink) && make_link(netlink, home) && set_up(home_control) &&
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
    const int netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    const bool made = home >= 0 && control >= 0 && netlink >= 0 && unshare(CLONE_NEWNET) == 0 && make_way(home, control, netlink, names, vm);
    const int error = errno;

    close(control);
    close(netlink);
    if (!made && home >= 0)
        close(home);
    errno = error;
    return made ? home : -1;
}
