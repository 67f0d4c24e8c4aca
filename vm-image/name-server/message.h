#ifndef BULKHEAD_MESSAGE_H
#define BULKHEAD_MESSAGE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Bytes of a name as it is sent (RFC 1035 §2.3.4), and of type and class behind it. */
#define NAME_LIMIT 255
#define QUESTION_LIMIT (NAME_LIMIT + 4)
#define HEADER_SIZE 12
/** Bytes of the largest answer of our own: header, question, one record with a name. */
#define ANSWER_LIMIT (HEADER_SIZE + QUESTION_LIMIT + 12 + NAME_LIMIT)

/** Record types (RFC 1035 §3.2.2, RFC 3596 §2.1). */
#define TYPE_A 1
#define TYPE_PTR 12
#define TYPE_AAAA 28

/** Which addresses are answered to nobody, whoever has them. */
struct filter {
    bool ipv4;
    bool ipv6;
};

/** What a query asks for, where it is one this server understands. */
struct question {
    const uint8_t *bytes; /* within the query: name, type and class */
    size_t length;
    size_t name_length;
    uint16_t type;
};

/**
 * Reads a query: one question of class IN, the name without compression. False where it is none, or one that asks for something else; such a
 * query is answered by nobody.
 */
bool read_query(const uint8_t *query, size_t length, struct question *question);

/** Whether `answer` answers `question`, by its header and by what it repeats. The case of letters is as in the query or not. */
bool is_answer(const uint8_t *answer, size_t length, const uint8_t *question, size_t question_length);

/**
 * Answers what is not to be asked of others: the names of the host, its address, and types that are filtered. `answer` has ANSWER_LIMIT bytes.
 * The length of the answer; 0 where others are to be asked.
 */
size_t own_answer(const uint8_t *query, const struct question *question, struct in_addr host, struct filter filter, uint8_t *answer);

#endif
