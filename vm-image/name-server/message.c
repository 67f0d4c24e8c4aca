#include "message.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#define FLAG_RESPONSE 0x80 /* first byte of the flags, as are the next three */
#define MASK_OPCODE 0x78
#define FLAG_AUTHORITATIVE 0x04
#define FLAG_RECURSION_DESIRED 0x01
#define FLAG_RECURSION_AVAILABLE 0x80 /* second byte */
#define CLASS_IN 1
#define LABEL_LIMIT 63
/* Seconds: the address is the VM's for as long as it runs, but a container may live longer than that. */
#define OWN_TTL 60

/* As they are sent. The first is what the host's address is called. */
static const char HOST_NAME[] = "\4host\6docker\10internal";
static const char *const HOST_NAMES[] = {HOST_NAME, "\7gateway\6docker\10internal", "\12kubernetes\6docker\10internal"};

static uint16_t number_at(const uint8_t *bytes)
{
    return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

static void put_number(uint8_t *bytes, uint16_t number)
{
    bytes[0] = (uint8_t)(number >> 8);
    bytes[1] = (uint8_t)number;
}

static uint8_t lower(uint8_t byte)
{
    return byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte + ('a' - 'A')) : byte;
}

static bool same(const uint8_t *one, const uint8_t *other, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (lower(one[i]) != lower(other[i]))
            return false;
    return true;
}

/* The length with the last, empty label; 0 where it is none. No length byte is a letter, so names compare as they are sent. */
static size_t name_length(const uint8_t *name, size_t limit)
{
    size_t at = 0;

    while (at < limit && at < NAME_LIMIT && name[at] != 0) {
        if (name[at] > LABEL_LIMIT)
            return 0;
        at += (size_t)name[at] + 1;
    }
    return at < limit && at < NAME_LIMIT ? at + 1 : 0;
}

bool read_query(const uint8_t *query, size_t length, struct question *question)
{
    if (length < HEADER_SIZE + 1 + 4 || (query[2] & (FLAG_RESPONSE | MASK_OPCODE)) != 0 || number_at(query + 4) != 1 || number_at(query + 6) != 0)
        return false;
    question->bytes = query + HEADER_SIZE;
    question->name_length = name_length(question->bytes, length - HEADER_SIZE);
    question->length = question->name_length + 4;
    if (question->name_length == 0 || question->length > length - HEADER_SIZE)
        return false;
    question->type = number_at(question->bytes + question->name_length);
    return number_at(question->bytes + question->name_length + 2) == CLASS_IN;
}

bool is_answer(const uint8_t *answer, size_t length, const uint8_t *question, size_t question_length)
{
    return length >= HEADER_SIZE + question_length && (answer[2] & (FLAG_RESPONSE | MASK_OPCODE)) == FLAG_RESPONSE && number_at(answer + 4) == 1 &&
           same(answer + HEADER_SIZE, question, question_length);
}

static bool is_named(const struct question *question, const char *name)
{
    /* with the null byte of the text, which is the last label */
    const size_t length = strlen(name) + 1;

    return question->name_length == length && same(question->bytes, (const uint8_t *)name, length);
}

static bool names_host(const struct question *question)
{
    for (size_t i = 0; i < sizeof(HOST_NAMES) / sizeof(HOST_NAMES[0]); i++)
        if (is_named(question, HOST_NAMES[i]))
            return true;
    return false;
}

/* The name by which an address is asked for (RFC 1035 §3.5). */
static bool names_address(const struct question *question, struct in_addr address)
{
    const uint32_t number = ntohl(address.s_addr);
    char name[NAME_LIMIT];
    size_t at = 0;

    for (int shift = 0; shift <= 24; shift += 8) {
        char digits[4];
        const int count = snprintf(digits, sizeof(digits), "%u", (unsigned int)(number >> shift & 0xff));
        name[at++] = (char)count;
        memcpy(name + at, digits, (size_t)count);
        at += (size_t)count;
    }
    memcpy(name + at, "\7in-addr\4arpa", sizeof("\7in-addr\4arpa"));
    return is_named(question, name);
}

static size_t begin_answer(const uint8_t *query, const struct question *question, uint16_t records, uint8_t *answer)
{
    memcpy(answer, query, HEADER_SIZE);
    answer[2] = (uint8_t)(FLAG_RESPONSE | FLAG_AUTHORITATIVE | (query[2] & FLAG_RECURSION_DESIRED));
    answer[3] = FLAG_RECURSION_AVAILABLE;
    put_number(answer + 6, records);
    memset(answer + 8, 0, 4);
    memcpy(answer + HEADER_SIZE, question->bytes, question->length);
    return HEADER_SIZE + question->length;
}

static size_t put_record(uint8_t *place, uint16_t type, const void *data, size_t length)
{
    /* the name is a pointer to that of the question */
    static const uint8_t NAME[] = {0xc0, HEADER_SIZE};

    memcpy(place, NAME, sizeof(NAME));
    put_number(place + 2, type);
    put_number(place + 4, CLASS_IN);
    put_number(place + 6, 0);
    put_number(place + 8, OWN_TTL);
    put_number(place + 10, (uint16_t)length);
    memcpy(place + 12, data, length);
    return 12 + length;
}

size_t own_answer(const uint8_t *query, const struct question *question, struct in_addr host, struct filter filter, uint8_t *answer)
{
    const bool named = names_host(question);
    const bool filtered = (question->type == TYPE_A && filter.ipv4) || (question->type == TYPE_AAAA && filter.ipv6);
    size_t length;

    if (names_address(question, host) && question->type == TYPE_PTR) {
        length = begin_answer(query, question, 1, answer);
        return length + put_record(answer + length, TYPE_PTR, HOST_NAME, sizeof(HOST_NAME));
    }
    if (named && question->type == TYPE_A) {
        length = begin_answer(query, question, 1, answer);
        return length + put_record(answer + length, TYPE_A, &host, sizeof(host));
    }
    return named || filtered ? begin_answer(query, question, 0, answer) : 0;
}
