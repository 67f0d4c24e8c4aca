/* What leaves by a card of what two networks send, without and with the limits of flows. Root is needed, for a network namespace. */
#include <errno.h>
#include <sched.h>

#include "flow_limits.h"
#include "router.h"

#define FIRST "172.17.0.2"
#define SECOND "172.17.0.3"
#define THIRD "172.17.0.4"
#define OF_OTHER "172.18.0.2"
/* Of a network; an address has half of them. */
#define MOST 64
#define NAMES 53

static uint16_t next_port = 1024;

static enum answer new_datagram(int device, const char *source)
{
    return datagram(device, source, next_port++, 4000);
}

static void test_without(void)
{
    for (int i = 0; i < 2 * MOST; i++)
        CHECK(new_datagram(network, FIRST) == LEFT && echo(network, FIRST, (uint16_t)i) == LEFT);
    CHECK(datagram(network, "10.9.9.9", 1, 4000) == LEFT && segment(network, FIRST, 1, TH_SYN, 1) == LEFT);
}

static void test_strangers(void)
{
    CHECK(datagram(network, "10.9.9.9", 2, 4000) == NOTHING && datagram(network, OF_OTHER, 2, 4000) == NOTHING);
    CHECK(echo(network, "10.9.9.9", 1) == NOTHING && datagram(network, "10.9.9.9", 2, NAMES) == NOTHING);
    /* of no connection, and what begins none */
    CHECK(segment(network, FIRST, 2, TH_SYN | TH_FIN, 1) == NOTHING);
}

/* Seconds for which the kernel goes on tracking this datagram's connection. */
static unsigned int tracked_for(uint16_t source_port)
{
    char line[512], port[16];
    unsigned int seconds = 0, found = 0;
    FILE *table = fopen("/proc/net/nf_conntrack", "re");

    CHECK(table != NULL);
    snprintf(port, sizeof(port), " sport=%u ", source_port);
    while (fgets(line, sizeof(line), table) != NULL)
        if (strstr(line, port) != NULL && sscanf(line, "ipv4 2 udp 17 %u", &seconds) == 1)
            found = seconds;
    fclose(table);
    return found;
}

static void test_counts(void)
{
    const uint16_t first = next_port;

    for (int i = 0; i < MOST / 2; i++)
        CHECK(new_datagram(network, FIRST) == LEFT);
    CHECK(new_datagram(network, FIRST) == PROHIBITED);
    CHECK(segment(network, FIRST, next_port++, TH_SYN, 1) == RESET);
    /* no shorter than libslirp keeps the socket */
    CHECK(tracked_for(first) >= 240);
    /* what was begun goes on, and names are asked for all the same */
    CHECK(datagram(network, FIRST, first, 4000) == LEFT && datagram(network, FIRST, next_port++, NAMES) == LEFT);
    for (int i = 0; i < MOST / 2; i++)
        CHECK(segment(network, SECOND, next_port++, TH_SYN, 1) == LEFT);
    CHECK(segment(network, SECOND, next_port++, TH_SYN, 1) == RESET);
    /* all of the network's are taken, and none of another network's */
    CHECK(segment(network, THIRD, next_port++, TH_SYN, 1) == RESET && segment(other, OF_OTHER, next_port++, TH_SYN, 1) == LEFT);
}

/* Each is forgotten at once by the kernel, and not by libslirp, which does not hear what comes while it connects. */
static void test_those_that_are_forgotten(void)
{
    int left = 0;

    for (int i = 0; i < 64 * MOST; i++) {
        const uint16_t port = next_port++;
        const enum answer answer = segment(other, OF_OTHER, port, TH_SYN, 1);
        CHECK(answer == LEFT || answer == RESET);
        left += answer == LEFT;
        (void)segment(other, OF_OTHER, port, TH_RST, 2);
    }
    CHECK(left >= MOST && left < 4 * MOST);
}

static void test_what_is_not_counted(void)
{
    int asked = 0, echoed = 0;

    for (int i = 0; i < 2 * MOST; i++)
        asked += datagram(network, FIRST, next_port++, NAMES) == LEFT;
    /* the datagrams of before are of the same share */
    CHECK(asked > 0 && asked < MOST);
    for (int i = 0; i < 2 * MOST; i++)
        echoed += echo(other, OF_OTHER, (uint16_t)i) == LEFT;
    CHECK(echoed >= MOST / 2 && echoed < MOST + MOST / 2);
    /* nor may datagrams of what has itself forgotten begin again as fast as they can; by now the kernel says so to nobody (icmp_ratelimit) */
    CHECK(new_datagram(other, OF_OTHER) == NOTHING || new_datagram(other, OF_OTHER) == NOTHING);
}

int main(void)
{
    CHECK(unshare(CLONE_NEWNET) == 0);
    make_router();
    test_without();
    CHECK(limit_flows("card", MOST));
    test_strangers();
    test_counts();
    test_what_is_not_counted();
    test_those_that_are_forgotten();
    /* a second time it is there already */
    CHECK(!limit_flows("card", MOST) && errno == EEXIST);
    puts("ok flow limits");
    return 0;
}
