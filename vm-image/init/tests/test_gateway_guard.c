/* What leaves by a card with and without the guard of the gateway: the card is a tun device of a network namespace of this test's own, so root is needed. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "../../src/netlink/nft.h"
#include "check.h"
#include "port_flows.h"

#define CARD "card"
#define GATEWAY "192.168.65.1"
#define OTHER "192.168.65.9"

static int card;

static void put_address(struct sockaddr *place, const char *address)
{
    struct sockaddr_in value = {.sin_family = AF_INET};

    CHECK(inet_pton(AF_INET, address, &value.sin_addr) == 1);
    memcpy(place, &value, sizeof(value));
}

static void make_card(void)
{
    const int control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct ifreq device = {.ifr_name = CARD, .ifr_flags = IFF_TUN | IFF_NO_PI}, address = {.ifr_name = CARD}, mask = {.ifr_name = CARD},
                 up = {.ifr_name = CARD, .ifr_flags = IFF_UP};

    card = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
    CHECK(card >= 0 && ioctl(card, TUNSETIFF, &device) == 0);
    put_address(&address.ifr_addr, "192.168.65.3");
    put_address(&mask.ifr_addr, "255.255.255.0");
    CHECK(ioctl(control, SIOCSIFADDR, &address) == 0 && ioctl(control, SIOCSIFNETMASK, &mask) == 0 && ioctl(control, SIOCSIFFLAGS, &up) == 0);
    close(control);
}

/* Whether a packet with these flags leaves by the card. */
static bool leaves(const char *destination, uint8_t flags)
{
    struct {
        struct iphdr ip;
        struct tcphdr tcp;
    } packet = {.ip = {.version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_TCP}, .tcp = {.doff = 5, .th_dport = htons(4000)}}, got;
    struct sockaddr_in target = {.sin_family = AF_INET};
    const int raw = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
    struct pollfd wait = {.fd = card, .events = POLLIN};

    CHECK(inet_pton(AF_INET, destination, &target.sin_addr) == 1);
    packet.ip.daddr = target.sin_addr.s_addr;
    packet.tcp.th_flags = flags;
    CHECK(raw >= 0);
    const ssize_t sent = sendto(raw, &packet, sizeof(packet), 0, (const struct sockaddr *)&target, sizeof(target));
    close(raw);
    if (sent != (ssize_t)sizeof(packet))
        return false;
    /* What leaves is in the device's queue by now: the sender has put it there. */
    while (poll(&wait, 1, 0) == 1)
        if (read(card, &got, sizeof(got)) == (ssize_t)sizeof(got) && got.ip.protocol == IPPROTO_TCP && got.ip.daddr == packet.ip.daddr)
            return true;
    return false;
}

static void test_batch_that_is_faulty(void)
{
    static const char much[NETLINK_BATCH_BYTES];
    static struct nft_batch rules;

    nft_begin(&rules);
    netlink_put(&rules.batch, 1, much, sizeof(much));
    CHECK(!nft_commit_here(&rules) && errno == ENOBUFS);
    nft_begin(&rules);
    netlink_nest(&rules.batch, 1);
    CHECK(!nft_commit_here(&rules) && errno == ENOBUFS);
    nft_begin(&rules);
    netlink_end(&rules.batch);
    CHECK(!nft_commit_here(&rules) && errno == ENOBUFS);
    nft_begin(&rules);
    for (unsigned int depth = 0; depth <= NETLINK_BATCH_DEPTH; depth++)
        netlink_nest(&rules.batch, 1);
    for (unsigned int depth = 0; depth <= NETLINK_BATCH_DEPTH; depth++)
        netlink_end(&rules.batch);
    CHECK(!nft_commit_here(&rules) && errno == ENOBUFS);
}

int main(void)
{
    static const uint8_t beginnings[] = {TH_SYN, TH_SYN | TH_FIN, TH_SYN | TH_RST, TH_SYN | TH_URG, TH_SYN | TH_PUSH, TH_SYN | 0xc0};
    static const uint8_t others[] = {TH_SYN | TH_ACK, TH_ACK, TH_ACK | TH_FIN, TH_RST, TH_PUSH | TH_ACK};
    struct in_addr gateway;

    CHECK(unshare(CLONE_NEWNET) == 0 && inet_pton(AF_INET, GATEWAY, &gateway) == 1);
    make_card();
    test_batch_that_is_faulty();
    for (size_t i = 0; i < sizeof(beginnings); i++)
        CHECK(leaves(GATEWAY, beginnings[i]));
    CHECK(guard_gateway(CARD, gateway));
    for (size_t i = 0; i < sizeof(beginnings); i++)
        CHECK(!leaves(GATEWAY, beginnings[i]) && leaves(OTHER, beginnings[i]));
    for (size_t i = 0; i < sizeof(others); i++)
        CHECK(leaves(GATEWAY, others[i]));
    /* a second time it is there already, and stays */
    CHECK(!guard_gateway(CARD, gateway) && errno == EEXIST && !leaves(GATEWAY, TH_SYN));
    puts("ok gateway guard");
    return 0;
}
