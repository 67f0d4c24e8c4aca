#include "way.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <sched.h>
#include <unistd.h>

#include "../../netlink/netlink.h"
#include "firewall.h"
#include "link.h"
#include "sockets.h"

#define OWN_NAMESPACE "/proc/thread-self/ns/net"

/* The namespace of the listeners, which this thread is in when it returns. */
static bool open_way(struct egress_sockets *sockets, int *namespace, int *route)
{
    if (unshare(CLONE_NEWNET) != 0)
        return false;
    *namespace = open(OWN_NAMESPACE, O_RDONLY | O_CLOEXEC);
    *route = netlink_open(NETLINK_ROUTE);
    const int firewall = netlink_open(NETLINK_NETFILTER);
    const bool done = *namespace >= 0 && *route >= 0 && firewall >= 0 && firewall_of_way(firewall, EGRESS_TCP_PORT) && sockets_open(sockets);
    const int error = errno;
    if (firewall >= 0)
        close(firewall);
    errno = error;
    return done;
}

struct joining {
    int namespace;
    int route;
    bool with_ipv6;
    bool is_read;
};

static bool join(const struct joining *way, const char **what)
{
    const struct link_ends ends = {.engine = netlink_open(NETLINK_ROUTE), .way = way->route};
    const int firewall = netlink_open(NETLINK_NETFILTER);

    *what = "link " EGRESS_LINK;
    const unsigned int link = ends.engine < 0 || firewall < 0 ? 0 : link_make(&ends, way->namespace, way->with_ipv6);
    bool done = link != 0;
    if (done) {
        *what = "rules of the firewall for " EGRESS_LINK " (they need nft_fib of the kernel)";
        done = firewall_of_engine(firewall, link, way->is_read);
    }
    const int error = errno;
    if (ends.engine >= 0)
        close(ends.engine);
    if (firewall >= 0)
        close(firewall);
    errno = error;
    return done;
}

bool egress_make_way(struct egress_sockets *sockets, bool is_read, const char **what)
{
    int namespace = -1, route = -1;

    *sockets = (struct egress_sockets){-1, -1, -1, -1};
    *what = "namespace of the listeners (it needs nft_tproxy and nft_reject of the kernel)";
    const int engine = open(OWN_NAMESPACE, O_RDONLY | O_CLOEXEC);
    bool done = engine >= 0 && open_way(sockets, &namespace, &route);
    /* wherever it is by now, it goes back */
    if (engine >= 0 && setns(engine, CLONE_NEWNET) != 0)
        done = false;
    const struct joining way = {namespace, route, sockets->tcp6 >= 0, is_read};
    done = done && join(&way, what);
    const int error = errno;
    const int opened[] = {engine, namespace, route};
    for (size_t i = 0; i < sizeof(opened) / sizeof(opened[0]); i++)
        if (opened[i] >= 0)
            close(opened[i]);
    if (!done)
        sockets_close(sockets);
    errno = error;
    return done;
}
