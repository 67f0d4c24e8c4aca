/*
 * usage: shares PREFIX...: networks (`172.18.0`, `fd00:1::`) take all they can, one after the other; for each kind of what is held, writes what each got, and
 * whether another container and the engine, by IPv4 and IPv6, get one more.
 */
#include "../sources.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#define CONTAINERS 250

static uint32_t source(const char *text)
{
    union address address;

    memset(&address, 0, sizeof(address));
    if (inet_pton(AF_INET, text, &address.four.sin_addr) == 1) {
        address.four.sin_family = AF_INET;
    } else {
        address.six.sin6_family = AF_INET6;
        inet_pton(AF_INET6, text, &address.six.sin6_addr);
    }
    return source_of(&address);
}

static unsigned int take_all(const char *pattern, enum held kind)
{
    char text[INET6_ADDRSTRLEN];
    unsigned int got = 0;

    for (unsigned int i = 2; i < CONTAINERS; i++) {
        snprintf(text, sizeof(text), strchr(pattern, ':') == NULL ? "%s.%u" : "%s%x", pattern, i);
        const uint32_t of = source(text);
        while (source_take(of, kind))
            got++;
    }
    return got;
}

int main(int count, char **networks)
{
    static const char *const names[HELD_KINDS] = {"connections", "undecided", "questions", "pipes"};
    static const char *const others[] = {"172.17.0.2", "fd00:9::2", "203.0.113.254", "2001:db8:6272:6567::2"};

    /* of 20,000 open files */
    sources_limit(HELD_CONNECTIONS, 7897);
    sources_limit(HELD_UNDECIDED, 2048);
    sources_limit(HELD_QUESTIONS, 4096);
    sources_limit(HELD_PIPES, 1975);
    for (enum held kind = 0; kind < HELD_KINDS; kind++) {
        printf("%s", names[kind]);
        for (int i = 1; i < count; i++)
            printf(" %u", take_all(networks[i], kind));
        for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
            printf(" %s", source_take(source(others[i]), kind) ? "yes" : "no");
        printf("\n");
    }
}
