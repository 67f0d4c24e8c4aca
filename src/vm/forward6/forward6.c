/*
 * Has a user network (libslirp) listen at IPv6 addresses of the host: loaded into QEMU (LD_PRELOAD), it stands before the calls by which libslirp listens and accepts. QEMU
 * 10.0 takes IPv4 addresses alone for `hostfwd_add`, and the network it gives the guest is one of IPv4.
 *
 * Whoever wants such a port first leaves a link in the directory FORWARD6_DIRECTORY names, from `127.6.x.y:PORT` to the place that is meant, as `[::1]:8080`, and has QEMU
 * forward the former, which is nobody's. bind(2) to it makes the socket one of IPv6 that is bound to the latter; getsockname(2) goes on saying the former, by which libslirp
 * finds it again; and accept(2) says of whoever connects that it is the loopback, which libslirp hands on as its gateway, as it does with connections to any port there.
 *
 * Each connection gets a port of its own in that. Threat: two clients have different addresses and may have the same port; to the guest both would be the same connection,
 * and what one says the other's.
 *
 * And its UDP ports, of IPv4, are its own: libslirp binds one and then says SO_REUSEADDR, by which any user of the host binds it as well and has what is sent to it. Threat: one that tries
 * without a pause does so before anybody could take that back. A port of UDP is free again at once without it.
 *
 * Nothing the guest does leads here: it is the host that binds and accepts, and nobody but its user writes in the directory.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../preloaded/next.h"

#define DIRECTORY_KEY "FORWARD6_DIRECTORY"
/* 127.6.0.0/16 */
#define ALIASES 0x7f060000U
#define ALIAS_MASK 0xffff0000U
/* Descriptors beyond are none of ours: the kernel gives a process no more (fs.nr_open), and the guest decides how many there are, a socket for each port it sends a datagram from. */
#ifndef MOST
#define MOST (1 << 20)
#endif
#ifndef FIRST_PORT
#define FIRST_PORT 1024
#endif

/* By descriptor: what a listening one is called, and which port the client of an accepted one has. */
static struct sockaddr_in aliases[MOST];
static uint16_t ports[MOST];
/* By port: the descriptor that had it last; 0, which is nobody's connection, before that. */
static int holders[UINT16_MAX + 1];
static uint16_t last_port = FIRST_PORT;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int (*real_bind)(int, const struct sockaddr *, socklen_t);
static int (*real_getsockname)(int, struct sockaddr *, socklen_t *);
static int (*real_accept)(int, struct sockaddr *, socklen_t *);
static int (*real_accept4)(int, struct sockaddr *, socklen_t *, int);
static int (*real_setsockopt)(int, int, int, const void *, socklen_t);

__attribute__((constructor)) static void find_real(void)
{
    /* POSIX has function pointers and void pointers be of one form (dlsym(3)). */
    *(void **)&real_bind = next("bind");
    *(void **)&real_getsockname = next("getsockname");
    *(void **)&real_accept = next("accept");
    *(void **)&real_accept4 = next("accept4");
    *(void **)&real_setsockopt = next("setsockopt");
}

/* `[ADDRESS]:PORT`, as the link has it. */
static bool read_place(const struct sockaddr_in *alias, struct sockaddr_in6 *place)
{
    const char *directory = getenv(DIRECTORY_KEY);
    char path[PATH_MAX], target[64], name[INET_ADDRSTRLEN];
    char *end;

    if (directory == NULL || inet_ntop(AF_INET, &alias->sin_addr, name, sizeof(name)) == NULL ||
        snprintf(path, sizeof(path), "%s/%s:%u", directory, name, ntohs(alias->sin_port)) >= (int)sizeof(path))
        return false;
    const ssize_t length = readlink(path, target, sizeof(target) - 1);
    if (length < 2 || target[0] != '[')
        return false;
    target[length] = '\0';
    if ((end = strchr(target, ']')) == NULL || end[1] != ':')
        return false;
    *end = '\0';
    const long port = strtol(end + 2, NULL, 10);
    *place = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
    return port > 0 && port <= UINT16_MAX && inet_pton(AF_INET6, target + 1, &place->sin6_addr) == 1;
}

/* The descriptor stays and becomes another socket. */
static int bind_instead(int fd, const struct sockaddr_in6 *place)
{
    const int one = 1, made = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int flags = fcntl(fd, F_GETFL), kept = fcntl(fd, F_GETFD);

    if (made < 0)
        return -1;
    const bool done = setsockopt(made, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one)) == 0 && setsockopt(made, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) == 0 &&
                      fcntl(made, F_SETFL, flags) == 0 && real_bind(made, (const struct sockaddr *)place, sizeof(*place)) == 0 &&
                      dup3(made, fd, (kept & FD_CLOEXEC) != 0 ? O_CLOEXEC : 0) == fd;
    const int error = errno;
    close(made);
    errno = error;
    return done ? 0 : -1;
}

int bind(int fd, const struct sockaddr *address, socklen_t size)
{
    struct sockaddr_in alias;
    struct sockaddr_in6 place;
    int type = 0;
    socklen_t length = sizeof(type);

    if (address == NULL || size < sizeof(alias) || address->sa_family != AF_INET)
        return real_bind(fd, address, size);
    memcpy(&alias, address, sizeof(alias));
    if ((ntohl(alias.sin_addr.s_addr) & ALIAS_MASK) != ALIASES || getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) != 0 || type != SOCK_STREAM)
        return real_bind(fd, address, size);
    if (fd >= MOST || !read_place(&alias, &place)) {
        /* a guest has as many sockets here as it likes; what went on to be bound would listen at the name itself, and be taken for the place */
        errno = fd >= MOST ? EMFILE : EADDRNOTAVAIL;
        return -1;
    }
    if (bind_instead(fd, &place) != 0)
        return -1;
    pthread_mutex_lock(&lock);
    aliases[fd] = alias;
    pthread_mutex_unlock(&lock);
    return 0;
}

static bool is_six(int fd)
{
    struct sockaddr_in6 own;
    socklen_t length = sizeof(own);

    return real_getsockname(fd, (struct sockaddr *)&own, &length) == 0 && own.sin6_family == AF_INET6;
}

/* What a socket of IPv6 is called; false where it is none of ours, whose descriptor another has now among them. */
static bool alias_of(int fd, struct sockaddr_in *alias)
{
    if (fd < 0 || fd >= MOST || !is_six(fd))
        return false;
    pthread_mutex_lock(&lock);
    *alias = aliases[fd];
    pthread_mutex_unlock(&lock);
    return alias->sin_family == AF_INET;
}

static void write_out(const struct sockaddr_in *value, struct sockaddr *address, socklen_t *size)
{
    memcpy(address, value, *size < sizeof(*value) ? *size : sizeof(*value));
    *size = sizeof(*value);
}

int getsockname(int fd, struct sockaddr *address, socklen_t *size)
{
    struct sockaddr_in alias;

    if (address == NULL || size == NULL || !alias_of(fd, &alias))
        return real_getsockname(fd, address, size);
    write_out(&alias, address, size);
    return 0;
}

static bool is_held(uint16_t port)
{
    const int holder = holders[port];

    return holder != 0 && ports[holder] == port && is_six(holder);
}

/* One that no other open connection has, in network order; 0 where each is another's. */
static in_port_t port_for(int fd)
{
    pthread_mutex_lock(&lock);
    ports[fd] = 0;
    /* nor does it listen any more, if it did */
    aliases[fd].sin_family = AF_UNSPEC;
    for (int tried = FIRST_PORT; tried <= UINT16_MAX && ports[fd] == 0; tried++) {
        if (++last_port < FIRST_PORT)
            last_port = FIRST_PORT;
        if (is_held(last_port))
            continue;
        holders[last_port] = fd;
        ports[fd] = last_port;
    }
    const uint16_t port = ports[fd];
    pthread_mutex_unlock(&lock);
    return htons(port);
}

static int told(int listener, int taken, struct sockaddr *from, socklen_t *size)
{
    struct sockaddr_in alias;

    if (taken < 0 || from == NULL || size == NULL || !alias_of(listener, &alias))
        return taken;
    const in_port_t port = taken < MOST ? port_for(taken) : 0;
    if (port == 0) {
        close(taken);
        errno = EMFILE;
        return -1;
    }
    const struct sockaddr_in gateway = {.sin_family = AF_INET, .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}, .sin_port = port};
    write_out(&gateway, from, size);
    return taken;
}

int accept(int fd, struct sockaddr *from, socklen_t *size)
{
    return told(fd, real_accept(fd, from, size), from, size);
}

int accept4(int fd, struct sockaddr *from, socklen_t *size, int flags)
{
    return told(fd, real_accept4(fd, from, size, flags), from, size);
}

int setsockopt(int fd, int level, int option, const void *value, socklen_t size)
{
    int type = 0;
    socklen_t length = sizeof(type);

    if (level == SOL_SOCKET && option == SO_REUSEADDR && getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) == 0 && type == SOCK_DGRAM)
        return 0;
    return real_setsockopt(fd, level, option, value, size);
}
