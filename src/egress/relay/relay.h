/* What the rooms of egress-relay share. */
#ifndef BULKHEAD_EGRESS_RELAY_H
#define BULKHEAD_EGRESS_RELAY_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Inherited; those of IPv6 need not be there. */
#define DOOR 3 /* listens for the gateway */
#define TCP4 4
#define TCP6 5
#define UDP4 6
#define UDP6 7

/* What an event is about: one of these in the upper half, in the lower which. */
enum subject { AT_DOOR, AT_VISITOR, AT_LINK, AT_LISTENER, AT_NAMES, AT_CLIENT, AT_UPSTREAM };

/* An address of either family, as the kernel gives it. */
union address {
    struct sockaddr any;
    struct sockaddr_in four;
    struct sockaddr_in6 six;
};

/* "ADDRESS PORT"; what inet_ntop(3) writes is no longer than this. */
#define ADDRESS_TEXT (INET6_ADDRSTRLEN + 8)

/* Starts telling of what happens at a descriptor; `events` as of epoll_ctl(2). */
bool watch(int descriptor, uint32_t events, enum subject subject, uint32_t which);
bool watch_otherwise(int descriptor, uint32_t events, enum subject subject, uint32_t which);

/* Milliseconds of a clock that does not jump. */
int64_t now_ms(void);

const char *address_text(const union address *address, char text[ADDRESS_TEXT]);
socklen_t address_length(const union address *address);

#endif
