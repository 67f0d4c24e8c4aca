/* The parts of the name server that decide, with AddressSanitizer and UndefinedBehaviorSanitizer. */
#include <arpa/inet.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "message.h"
#include "pending.h"
#include "rules.h"

static const struct filter NOTHING = {false, false};

/* A query with this name, as it is sent, and recursion desired; its length. */
static size_t make_query(uint8_t *query, const char *name, size_t name_length, uint16_t type)
{
    static const uint8_t HEADER[HEADER_SIZE] = {0x12, 0x34, 0x01, 0x00, 0, 1};
    const uint8_t tail[] = {(uint8_t)(type >> 8), (uint8_t)type, 0, 1};

    memcpy(query, HEADER, sizeof(HEADER));
    memcpy(query + HEADER_SIZE, name, name_length);
    memcpy(query + HEADER_SIZE + name_length, tail, sizeof(tail));
    return HEADER_SIZE + name_length + sizeof(tail);
}

#define QUERY(name, type) make_query(query, name, sizeof(name), type)

static size_t answer_to(uint8_t *query, size_t length, struct filter filter, uint8_t *answer)
{
    struct in_addr host = {.s_addr = htonl(0xc0a84101)};
    struct question question;

    CHECK(read_query(query, length, &question));
    const size_t answered = own_answer(query, &question, host, filter, answer);
    CHECK(answered == 0 || is_answer(answer, answered, question.bytes, question.length));
    CHECK(answered == 0 || memcmp(query, answer, 2) == 0);
    return answered;
}

static void own_names(void)
{
    static const uint8_t ADDRESS[] = {0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 168, 65, 1};
    uint8_t query[512], answer[ANSWER_LIMIT];
    size_t length = answer_to(query, QUERY("\4host\6docker\10internal", TYPE_A), NOTHING, answer);

    CHECK(answer[2] == 0x85 && answer[3] == 0x80 && answer[7] == 1);
    CHECK(memcmp(answer + length - sizeof(ADDRESS), ADDRESS, sizeof(ADDRESS)) == 0);
    CHECK(answer_to(query, QUERY("\12kuberneTES\6Docker\10internal", TYPE_A), NOTHING, answer) != 0 && answer[7] == 1);
    CHECK(answer_to(query, QUERY("\7gateway\6docker\10internal", TYPE_AAAA), NOTHING, answer) != 0 && answer[7] == 0 && (answer[3] & 0xf) == 0);
    CHECK(answer_to(query, QUERY("\4host\6docker\10internal\3com", TYPE_A), NOTHING, answer) == 0);
    CHECK(answer_to(query, QUERY("\5other\6docker\10internal", TYPE_A), NOTHING, answer) == 0);
    CHECK(answer_to(query, QUERY("", TYPE_A), NOTHING, answer) == 0);

    length = answer_to(query, QUERY("\1" "1\2" "65\3" "168\3" "192\7in-addr\4arpa", TYPE_PTR), NOTHING, answer);
    CHECK(length != 0 && memcmp(answer + length - sizeof("\4host\6docker\10internal"), "\4host\6docker\10internal", sizeof("\4host\6docker\10internal")) == 0);
    CHECK(answer_to(query, QUERY("\1" "2\2" "65\3" "168\3" "192\7in-addr\4arpa", TYPE_PTR), NOTHING, answer) == 0);
}

static void filters(void)
{
    const struct filter four = {.ipv4 = true}, six = {.ipv6 = true};
    uint8_t query[512], answer[ANSWER_LIMIT];

    CHECK(answer_to(query, QUERY("\7example", TYPE_AAAA), NOTHING, answer) == 0);
    CHECK(answer_to(query, QUERY("\7example", TYPE_AAAA), six, answer) != 0 && answer[7] == 0);
    CHECK(answer_to(query, QUERY("\7example", TYPE_A), six, answer) == 0);
    CHECK(answer_to(query, QUERY("\7example", TYPE_A), four, answer) != 0);
    CHECK(answer_to(query, QUERY("\7example", TYPE_PTR), four, answer) == 0);
    /* what is asked of the host itself is answered all the same: it is IPv4 or nothing */
    CHECK(answer_to(query, QUERY("\4host\6docker\10internal", TYPE_A), four, answer) != 0 && answer[7] == 1);
}

static void malformed(void)
{
    uint8_t query[512];
    struct question question;
    const size_t length = QUERY("\7example\3com", TYPE_A);

    for (size_t cut = 0; cut < length; cut++) {
        uint8_t *exact = malloc(cut + 1); /* the sanitizer sees what is read behind it */
        memcpy(exact, query, cut);
        CHECK(!read_query(exact, cut, &question));
        free(exact);
    }
    static const struct {
        size_t at;
        uint8_t value;
    } WRONG[] = {{2, 0x81}, {2, 0x09}, {5, 2}, {5, 0}, {7, 1}, {12, 0xc0}, {12, 64}, {28, 3}};
    for (size_t i = 0; i < sizeof(WRONG) / sizeof(WRONG[0]); i++) {
        QUERY("\7example\3com", TYPE_A);
        query[WRONG[i].at] = WRONG[i].value;
        CHECK(!read_query(query, length, &question));
    }
    /* 255 bytes of name are the most */
    memset(query + HEADER_SIZE, 1, 300);
    query[HEADER_SIZE + 254] = 0;
    memset(query + HEADER_SIZE + 255, 0, 3);
    query[HEADER_SIZE + 258] = 1;
    CHECK(read_query(query, HEADER_SIZE + 259, &question) && question.name_length == 255);
    query[HEADER_SIZE + 254] = 1;
    query[HEADER_SIZE + 256] = 0;
    CHECK(!read_query(query, HEADER_SIZE + 290, &question));
}

/* Whatever is sent: nothing beyond it is read, and what is answered fits. */
static void anything(void)
{
    uint8_t answer[ANSWER_LIMIT];
    struct in_addr host = {.s_addr = htonl(0xc0a84101)};

    srandom(1);
    for (int round = 0; round < 200000; round++) {
        const size_t length = (size_t)random() % 320;
        uint8_t *query = malloc(length + 1);
        struct question question;
        for (size_t i = 0; i < length; i++)
            query[i] = (uint8_t)(random() % (round % 3 == 0 ? 256 : 5));
        if (length >= HEADER_SIZE && round % 2 == 0)
            memcpy(query, "\1\2\1\0\0\1\0\0\0\0\0\0", HEADER_SIZE);
        if (read_query(query, length, &question)) {
            CHECK(own_answer(query, &question, host, (struct filter){true, true}, answer) <= sizeof(answer));
            is_answer(query, length, question.bytes, question.length);
        }
        free(query);
    }
}

static void answers(void)
{
    uint8_t query[512], answer[512];
    struct question question;
    const size_t length = QUERY("\7example", TYPE_A);

    CHECK(read_query(query, length, &question));
    memcpy(answer, query, length);
    CHECK(!is_answer(answer, length, question.bytes, question.length));
    answer[2] |= 0x80;
    CHECK(is_answer(answer, length, question.bytes, question.length));
    answer[HEADER_SIZE + 1] = 'E';
    CHECK(is_answer(answer, length, question.bytes, question.length));
    answer[HEADER_SIZE + 1] = 'f';
    CHECK(!is_answer(answer, length, question.bytes, question.length));
    CHECK(!is_answer(answer, length - 1, question.bytes, question.length));
}

static struct sockaddr_in client(uint32_t number)
{
    return (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = {.s_addr = htonl(number)}};
}

static void parties(void)
{
    static const struct {
        const char *one, *other;
        bool same;
    } PAIRS[] = {
        {"172.17.0.2", "172.17.255.254", true},    {"172.17.0.2", "172.18.0.2", false},       {"192.168.0.2", "192.168.15.254", true},
        {"192.168.0.2", "192.168.16.2", false},    {"192.168.240.2", "192.168.0.2", false},   {"10.1.2.3", "10.1.200.3", true},
        {"192.168.65.3", "192.168.65.4", false},   {"192.168.65.3", "172.17.0.2", false},     {"0.0.0.1", "255.255.255.255", false},
    };
    struct in_addr vm, one, other;

    inet_pton(AF_INET, "192.168.65.3", &vm);
    for (size_t i = 0; i < sizeof(PAIRS) / sizeof(PAIRS[0]); i++) {
        inet_pton(AF_INET, PAIRS[i].one, &one);
        inet_pton(AF_INET, PAIRS[i].other, &other);
        CHECK(party_of(one, vm) < PARTY_COUNT && party_of(other, vm) < PARTY_COUNT);
        CHECK((party_of(one, vm) == party_of(other, vm)) == PAIRS[i].same);
    }
}

static struct pending *ask(struct pending_table *table, uint32_t address, size_t party, int64_t now, uint16_t id)
{
    const struct sockaddr_in from = client(address);
    struct pending *place = pending_add(table, &from, party, now);

    place->id = id;
    return place;
}

static size_t held_by(const struct pending_table *table, size_t party)
{
    size_t held = 0;

    for (size_t i = 0; i < PENDING_LIMIT; i++)
        held += table->entries[i].used && table->entries[i].party == party;
    CHECK(held == table->counts[party]);
    return held;
}

static void waiting(void)
{
    static struct pending_table table;
    struct pending *first = ask(&table, 1, 1, 1000, 7);

    first->socket = 3;
    CHECK(pending_find(&table, 3, 7, 1000) == first);
    CHECK(pending_find(&table, 3, 8, 1000) == NULL && pending_find(&table, 2, 7, 1000) == NULL);
    CHECK(pending_find(&table, 3, 7, 1000 + PENDING_MS) == NULL);
    /* a network that floods, from all its addresses, takes its own places */
    for (uint32_t i = 0; i < 10 * PENDING_LIMIT; i++)
        ask(&table, 100 + i, 2, 1001 + i / 8, 9);
    CHECK(pending_find(&table, 3, 7, 2300) == first);
    CHECK(held_by(&table, 2) == PENDING_LIMIT - 1);
    /* the last one asked has a place, and is the youngest of its own */
    struct pending *last = ask(&table, 1, 2, 2300, 11);
    CHECK(pending_find(&table, 0, 11, 2300) == last);
    /* four that flood have equal parts, and the one beside them what it asked */
    for (uint32_t i = 0; i < 40 * PENDING_LIMIT; i++)
        ask(&table, 100 + i, 2 + i % 4, 2400 + i / 32, 9);
    for (size_t party = 2; party < 6; party++)
        CHECK(held_by(&table, party) >= PENDING_LIMIT / 4 - 1);
    CHECK(pending_find(&table, 3, 7, 3800) == first);
    pending_end(&table, first);
    CHECK(held_by(&table, 1) == 0 && pending_find(&table, 3, 7, 3800) == NULL);
    pending_end(&table, first);
    CHECK(held_by(&table, 1) == 0);
    /* what waited too long is nobody's any more */
    for (uint32_t i = 0; i < PENDING_LIMIT; i++)
        ask(&table, 1, 8, 20000, (uint16_t)i);
    CHECK(held_by(&table, 8) == PENDING_LIMIT && held_by(&table, 2) == 0);
}

static void rules(void)
{
    char text[RULES_LIMIT];
    struct in_addr names, resolver;

    inet_pton(AF_INET, "192.168.65.4", &names);
    inet_pton(AF_INET, "192.168.65.2", &resolver);
    CHECK(name_rules(names, resolver, "eth0", text));
    CHECK(strstr(text, "-A BULKHEAD-NAMES -m rpfilter --invert -j DROP\n-A BULKHEAD-NAMES -s 192.168.0.0/16 -m hashlimit ") != NULL);
    CHECK(strstr(text, "-A PREROUTING -d 192.168.65.4/32 -j BULKHEAD-NAMES\n") != NULL);
    CHECK(strstr(text, "-A OUTPUT -d 192.168.65.4/32 -p tcp -m tcp --dport 53 -j DNAT --to-destination 192.168.65.2:53\n") != NULL);
    CHECK(strstr(text, "-A DOCKER-USER -s 192.168.65.4/32 -i bulkhead-names ! -o eth0 -p udp -m udp --sport 53 -j ACCEPT\n-A DOCKER-USER -i bulkhead-names -j DROP\n") != NULL);
    names.s_addr = resolver.s_addr = INADDR_NONE;
    CHECK(name_rules(names, resolver, "a-name-15-long1", text));
}

int main(void)
{
    own_names();
    filters();
    malformed();
    anything();
    answers();
    parties();
    waiting();
    rules();
    return 0;
}
