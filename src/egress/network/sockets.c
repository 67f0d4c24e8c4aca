#include "sockets.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG 4096

static bool set(int descriptor, int level, int option)
{
    const int on = 1;

    return setsockopt(descriptor, level, option, &on, sizeof(on)) == 0;
}

/* Takes what is for any address, and answers from it (IP_TRANSPARENT, which what it accepts inherits). */
static bool make_transparent(int descriptor, int family, int type)
{
    if (family == AF_INET)
        return set(descriptor, SOL_IP, IP_TRANSPARENT) && (type == SOCK_STREAM || set(descriptor, SOL_IP, IP_PKTINFO));
    return set(descriptor, SOL_IPV6, IPV6_V6ONLY) && set(descriptor, SOL_IPV6, IPV6_TRANSPARENT) &&
           (type == SOCK_STREAM || set(descriptor, SOL_IPV6, IPV6_RECVPKTINFO));
}

static bool bind_to(int descriptor, int family, uint16_t port)
{
    const struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons(port)};
    const struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(port)};

    return family == AF_INET ? bind(descriptor, (const struct sockaddr *)&four, sizeof(four)) == 0
                             : bind(descriptor, (const struct sockaddr *)&six, sizeof(six)) == 0;
}

static bool open_one(int *to, int family, int type, uint16_t port)
{
    const int descriptor = socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (descriptor < 0)
        return false;
    *to = descriptor;
    return make_transparent(descriptor, family, type) && bind_to(descriptor, family, port) && (type != SOCK_STREAM || listen(descriptor, BACKLOG) == 0);
}

bool sockets_open(struct egress_sockets *sockets)
{
    *sockets = (struct egress_sockets){-1, -1, -1, -1};
    bool done = open_one(&sockets->tcp4, AF_INET, SOCK_STREAM, EGRESS_TCP_PORT) && open_one(&sockets->udp4, AF_INET, SOCK_DGRAM, NAMES_PORT);
    if (done && (!open_one(&sockets->tcp6, AF_INET6, SOCK_STREAM, EGRESS_TCP_PORT) || !open_one(&sockets->udp6, AF_INET6, SOCK_DGRAM, NAMES_PORT)))
        /* a machine without IPv6; one that has it and says no has another reason */
        done = errno == EAFNOSUPPORT && sockets->tcp6 < 0;
    if (!done) {
        const int error = errno;
        sockets_close(sockets);
        errno = error;
    }
    return done;
}

static void close_one(int *descriptor)
{
    if (*descriptor >= 0)
        close(*descriptor);
    *descriptor = -1;
}

void sockets_close(struct egress_sockets *sockets)
{
    close_one(&sockets->tcp4);
    close_one(&sockets->tcp6);
    close_one(&sockets->udp4);
    close_one(&sockets->udp6);
}
