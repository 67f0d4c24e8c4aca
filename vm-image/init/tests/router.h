#ifndef BULKHEAD_ROUTER_H
#define BULKHEAD_ROUTER_H

/*
 * A router between the world and two networks, as the VM is one: the network namespace of the thread, in which the card and both networks are tun devices. What is written to a network's is
 * what one of its containers sends.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <net/route.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "check.h"
#include "files.h"

#define WORLD "198.51.100.7"
#define ANSWER_MS 10000

static int card, network, other;

struct packet {
    struct iphdr ip;
    union {
        struct tcphdr tcp;
        struct udphdr udp;
        struct icmphdr icmp;
    };
};

enum answer { LEFT, RESET, PROHIBITED, NOTHING };

static void put_address(struct sockaddr *place, const char *address)
{
    struct sockaddr_in value = {.sin_family = AF_INET};

    CHECK(inet_pton(AF_INET, address, &value.sin_addr) == 1);
    memcpy(place, &value, sizeof(value));
}

static int make_device(const char *name, const char *address)
{
    const int control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), device = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
    struct ifreq kind = {.ifr_flags = IFF_TUN | IFF_NO_PI}, own = {0}, mask = {0}, up = {.ifr_flags = IFF_UP};
    struct ifreq *const all[] = {&kind, &own, &mask, &up};

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        snprintf(all[i]->ifr_name, sizeof(all[i]->ifr_name), "%s", name);
    put_address(&own.ifr_addr, address);
    put_address(&mask.ifr_addr, "255.255.0.0");
    CHECK(device >= 0 && ioctl(device, TUNSETIFF, &kind) == 0);
    CHECK(ioctl(control, SIOCSIFADDR, &own) == 0 && ioctl(control, SIOCSIFNETMASK, &mask) == 0 && ioctl(control, SIOCSIFFLAGS, &up) == 0);
    close(control);
    return device;
}

static void make_router(void)
{
    static char card_name[] = "card";
    const int control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct rtentry route = {.rt_flags = RTF_UP, .rt_dev = card_name};

    /* that of a device counts as well, and is what the first says when it is made */
    CHECK(write_attribute("/proc/sys/net/ipv4/conf/all/rp_filter", "0") && write_attribute("/proc/sys/net/ipv4/conf/default/rp_filter", "0"));
    card = make_device("card", "192.168.65.3");
    network = make_device("network", "172.17.0.1");
    other = make_device("other", "172.18.0.1");
    put_address(&route.rt_dst, "0.0.0.0");
    put_address(&route.rt_genmask, "0.0.0.0");
    CHECK(ioctl(control, SIOCADDRT, &route) == 0 && write_attribute("/proc/sys/net/ipv4/ip_forward", "1"));
    close(control);
}

static uint16_t checksum(const void *bytes, size_t length, uint32_t sum)
{
    const uint8_t *from = bytes;

    for (size_t i = 0; i < length; i += 2)
        sum += (uint32_t)(from[i] << 8 | (i + 1 < length ? from[i + 1] : 0));
    while (sum >> 16 != 0)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

static void check_transport(struct packet *packet, size_t length)
{
    const uint32_t both = ntohl(packet->ip.saddr) / 65536 + ntohl(packet->ip.saddr) % 65536 + ntohl(packet->ip.daddr) / 65536 + ntohl(packet->ip.daddr) % 65536;

    packet->tcp.th_sum = htons(checksum(&packet->tcp, length, both + packet->ip.protocol + (uint32_t)length));
}

static bool for_world(const struct packet *packet)
{
    struct in_addr world;

    return inet_pton(AF_INET, WORLD, &world) == 1 && packet->ip.daddr == world.s_addr;
}

static bool is_reset(const struct packet *packet)
{
    return packet->ip.protocol == IPPROTO_TCP && (packet->tcp.th_flags & TH_RST) != 0;
}

static bool is_prohibition(const struct packet *packet)
{
    return packet->ip.protocol == IPPROTO_ICMP && packet->icmp.type == ICMP_DEST_UNREACH && packet->icmp.code == ICMP_PKT_FILTERED;
}

static void put_packet(int device, struct packet *packet, size_t length)
{
    packet->ip.tot_len = htons((uint16_t)(sizeof(packet->ip) + length));
    packet->ip.check = htons(checksum(&packet->ip, sizeof(packet->ip), 0));
    CHECK(write(device, packet, sizeof(packet->ip) + length) == (ssize_t)(sizeof(packet->ip) + length));
}

/* What the router itself refuses by a reset. The kernel takes packets in their order, if not always at once: when this is answered, what was sent before has been dealt with. */
static struct packet put_fence(int device)
{
    const bool is_other = device == other;
    struct packet fence = {.ip = {.version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_TCP}};

    CHECK(inet_pton(AF_INET, is_other ? "172.18.0.9" : "172.17.0.9", &fence.ip.saddr) == 1 && inet_pton(AF_INET, is_other ? "172.18.0.1" : "172.17.0.1", &fence.ip.daddr) == 1);
    fence.tcp = (struct tcphdr){.th_sport = htons(1), .th_dport = htons(1), .th_off = 5, .th_flags = TH_SYN, .th_win = htons(1024)};
    check_transport(&fence, sizeof(fence.tcp));
    put_packet(device, &fence, sizeof(fence.tcp));
    return fence;
}

static enum answer send_by(int device, struct packet *packet, size_t length)
{
    struct pollfd wait = {.fd = device, .events = POLLIN};
    enum answer answer = NOTHING;
    struct packet got = {0};

    put_packet(device, packet, length);
    const struct packet fence = put_fence(device);
    do {
        if (is_reset(&got))
            answer = RESET;
        if (is_prohibition(&got))
            answer = PROHIBITED;
        memset(&got, 0, sizeof(got));
        CHECK(poll(&wait, 1, ANSWER_MS) == 1 && read(device, &got, sizeof(got)) > 0);
    } while (got.ip.saddr != fence.ip.daddr || !is_reset(&got));
    while (read(card, &got, sizeof(got)) > 0)
        if (for_world(&got))
            answer = LEFT;
    return answer;
}

static struct packet from(const char *source, uint8_t protocol)
{
    struct packet packet = {.ip = {.version = 4, .ihl = 5, .ttl = 64, .protocol = protocol}};

    CHECK(inet_pton(AF_INET, source, &packet.ip.saddr) == 1 && inet_pton(AF_INET, WORLD, &packet.ip.daddr) == 1);
    return packet;
}

static enum answer datagram(int device, const char *source, uint16_t source_port, uint16_t port)
{
    struct packet packet = from(source, IPPROTO_UDP);

    packet.udp = (struct udphdr){.source = htons(source_port), .dest = htons(port), .len = htons(sizeof(packet.udp))};
    return send_by(device, &packet, sizeof(packet.udp));
}

static enum answer segment(int device, const char *source, uint16_t source_port, uint8_t flags, uint32_t sequence)
{
    struct packet packet = from(source, IPPROTO_TCP);

    packet.tcp = (struct tcphdr){.th_sport = htons(source_port), .th_dport = htons(443), .th_off = 5, .th_flags = flags, .th_seq = htonl(sequence), .th_win = htons(1024)};
    check_transport(&packet, sizeof(packet.tcp));
    return send_by(device, &packet, sizeof(packet.tcp));
}

static enum answer echo(int device, const char *source, uint16_t sequence)
{
    struct packet packet = from(source, IPPROTO_ICMP);

    packet.icmp = (struct icmphdr){.type = ICMP_ECHO, .un.echo = {.id = htons(7), .sequence = htons(sequence)}};
    packet.icmp.checksum = htons(checksum(&packet.icmp, sizeof(packet.icmp), 0));
    return send_by(device, &packet, sizeof(packet.icmp));
}

#endif
