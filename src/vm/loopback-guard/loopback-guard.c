/*
 * Keeps the loopback of the host from a user network (libslirp), from outside the guest: loaded into QEMU (LD_PRELOAD), it stands before the calls by which libslirp
 * reaches the world, and refuses destinations on the loopback. libslirp leads what the guest sends to its gateway to 127.0.0.1, and QEMU 10.0 has no option
 * against that (`disable_host_loopback` of libslirp is not to be set there).
 *
 * Threat: whatever the firewall of the guest says about a packet, it says before the checksum is filled in, and who sends it chooses where that is written (virtio_net_hdr
 * of a packet socket or a tun device): flags, ports and addresses change behind every rule. Root of the guest has no firewall to pass at all.
 *
 * What it leaves open: the host's name server where that listens on the loopback (resolv.conf(5), port 53); and answers by UDP, from a socket that is published, to who
 * has asked there within three minutes, which is as long as the guest's kernel remembers them. Connections from the host to published ports are
 * accepted, not begun, and are none of its business.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <time.h>

#include "../preloaded/next.h"

#define ANSWER_SECONDS 180
#define DNS_PORT 53
/* Who has asked: so many of a bucket are remembered, the oldest is forgotten first. */
#define BUCKETS 1024
#define PLACES 8
#define RESOLVERS 3

struct asker {
    int fd;
    in_addr_t address;
    in_port_t port;
    time_t seen; /* 0: nobody */
};

static struct asker askers[BUCKETS][PLACES];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int (*real_connect)(int, const struct sockaddr *, socklen_t);
static int (*real_socket)(int, int, int);
static ssize_t (*real_sendto)(int, const void *, size_t, int, const struct sockaddr *, socklen_t);
static ssize_t (*real_recvfrom)(int, void *, size_t, int, struct sockaddr *, socklen_t *);

__attribute__((constructor)) static void find_real(void)
{
    /* POSIX has function pointers and void pointers be of one form (dlsym(3)). */
    *(void **)&real_connect = next("connect");
    *(void **)&real_socket = next("socket");
    *(void **)&real_sendto = next("sendto");
    *(void **)&real_recvfrom = next("recvfrom");
}

static time_t now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + 1;
}

static bool is_loopback4(in_addr_t address)
{
    const uint32_t host = ntohl(address);

    /* 0.0.0.0 leads to the loopback as well (Linux). */
    return host >> 24 == IN_LOOPBACKNET || host >> 24 == 0;
}

/* Whether it is one on the loopback; `ipv4` gets the address in IPv4, where it has one. */
static bool on_loopback(const struct sockaddr *to, socklen_t size, struct sockaddr_in *ipv4)
{
    struct sockaddr_in6 six;

    memset(ipv4, 0, sizeof(*ipv4));
    if (to == NULL || size < sizeof(sa_family_t))
        return false;
    if (to->sa_family == AF_INET && size >= sizeof(*ipv4)) {
        memcpy(ipv4, to, sizeof(*ipv4));
        return is_loopback4(ipv4->sin_addr.s_addr);
    }
    if (to->sa_family != AF_INET6 || size < sizeof(six))
        return false;
    memcpy(&six, to, sizeof(six));
    if (!IN6_IS_ADDR_V4MAPPED(&six.sin6_addr))
        return IN6_IS_ADDR_LOOPBACK(&six.sin6_addr) || IN6_IS_ADDR_UNSPECIFIED(&six.sin6_addr);
    ipv4->sin_family = AF_INET;
    ipv4->sin_port = six.sin6_port;
    memcpy(&ipv4->sin_addr, &six.sin6_addr.s6_addr[12], sizeof(ipv4->sin_addr));
    return is_loopback4(ipv4->sin_addr.s_addr);
}

/* The host's own name servers, as libslirp reads them. Asked for destinations on the loopback alone, so the file is read when it counts. */
static bool is_resolver(const struct sockaddr_in *to)
{
    char line[256], address[64];
    int seen = 0;
    bool found = false;
    FILE *file;

    if (to->sin_family != AF_INET || to->sin_port != htons(DNS_PORT) || (file = fopen("/etc/resolv.conf", "re")) == NULL)
        return false;
    while (!found && seen < RESOLVERS && fgets(line, sizeof(line), file) != NULL) {
        struct in_addr listed;
        if (sscanf(line, "nameserver %63s", address) != 1)
            continue;
        seen++;
        found = inet_pton(AF_INET, address, &listed) == 1 && listed.s_addr == to->sin_addr.s_addr;
    }
    fclose(file);
    return found;
}

static struct asker *bucket_of(int fd, const struct sockaddr_in *peer)
{
    const uint32_t mixed = ((uint32_t)fd * 2654435761U) ^ ((uint32_t)peer->sin_port * 40503U) ^ peer->sin_addr.s_addr;

    return askers[(mixed ^ mixed >> 16) % BUCKETS];
}

static bool same(const struct asker *asker, int fd, const struct sockaddr_in *peer)
{
    return asker->seen != 0 && asker->fd == fd && asker->address == peer->sin_addr.s_addr && asker->port == peer->sin_port;
}

static void remember(int fd, const struct sockaddr_in *peer)
{
    struct asker *bucket = bucket_of(fd, peer), *place = bucket;

    pthread_mutex_lock(&lock);
    for (int i = 0; i < PLACES; i++) {
        if (same(&bucket[i], fd, peer)) {
            place = &bucket[i];
            break;
        }
        if (bucket[i].seen < place->seen)
            place = &bucket[i];
    }
    *place = (struct asker){.fd = fd, .address = peer->sin_addr.s_addr, .port = peer->sin_port, .seen = now()};
    pthread_mutex_unlock(&lock);
}

static bool has_asked(int fd, const struct sockaddr_in *peer)
{
    const struct asker *bucket = bucket_of(fd, peer);
    bool asked = false;

    pthread_mutex_lock(&lock);
    for (int i = 0; i < PLACES && !asked; i++)
        asked = same(&bucket[i], fd, peer) && now() - bucket[i].seen <= ANSWER_SECONDS;
    pthread_mutex_unlock(&lock);
    return asked;
}

/* A descriptor of the same number is another socket: who asked the one before has not asked it. */
static void forget(int fd)
{
    pthread_mutex_lock(&lock);
    for (int i = 0; i < BUCKETS; i++)
        for (int j = 0; j < PLACES; j++)
            if (askers[i][j].fd == fd)
                askers[i][j].seen = 0;
    pthread_mutex_unlock(&lock);
}

/* Not ECONNREFUSED: libslirp 4.7 frees the packet of a connection twice that is refused so at once, and ends. Of this the guest is told by ICMP. */
static int refused(void)
{
    errno = EHOSTUNREACH;
    return -1;
}

int socket(int domain, int type, int protocol)
{
    const int fd = real_socket(domain, type, protocol);

    if (fd >= 0 && (domain == AF_INET || domain == AF_INET6))
        forget(fd);
    return fd;
}

int connect(int fd, const struct sockaddr *to, socklen_t size)
{
    struct sockaddr_in ipv4;

    if (on_loopback(to, size, &ipv4) && !is_resolver(&ipv4)) {
        return refused();
    }
    return real_connect(fd, to, size);
}

ssize_t sendto(int fd, const void *bytes, size_t length, int flags, const struct sockaddr *to, socklen_t size)
{
    struct sockaddr_in ipv4;

    if (on_loopback(to, size, &ipv4) && !is_resolver(&ipv4) && !(ipv4.sin_family == AF_INET && has_asked(fd, &ipv4))) {
        return refused();
    }
    return real_sendto(fd, bytes, length, flags, to, size);
}

ssize_t recvfrom(int fd, void *bytes, size_t length, int flags, struct sockaddr *from, socklen_t *size)
{
    const ssize_t got = real_recvfrom(fd, bytes, length, flags, from, size);
    struct sockaddr_in ipv4;

    if (got >= 0 && from != NULL && size != NULL && (flags & MSG_PEEK) == 0 && on_loopback(from, *size, &ipv4) && ipv4.sin_family == AF_INET)
        remember(fd, &ipv4);
    return got;
}
