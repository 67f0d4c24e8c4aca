#include "control.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connection.h"
#include "link.h"
#include "names.h"

#define VERSION "1"
#define LINE 160
#define WORDS 5
#define ANSWER_MOST 16384

static void say(const char *line, int length)
{
    link_write(line, (size_t)length);
}

#define SAY(...)                                                    \
    do {                                                            \
        char line[LINE];                                            \
        say(line, snprintf(line, sizeof(line), __VA_ARGS__)); \
    } while (0)

void control_hello(void)
{
    SAY("hello " VERSION " %" PRIu32 "\n", connections_most());
}

void control_open(uint64_t id, const union address *from, const union address *to)
{
    char source[ADDRESS_TEXT], destination[ADDRESS_TEXT];

    SAY("open %" PRIu64 " %s %s\n", id, address_text(from, source), address_text(to, destination));
}

void control_connected(uint64_t id)
{
    SAY("connected %" PRIu64 "\n", id);
}

void control_failed(uint64_t id, int error)
{
    SAY("failed %" PRIu64 " %d\n", id, error);
}

void control_peeked(uint64_t id, const char *bytes, size_t length, bool all)
{
    SAY("peeked %" PRIu64 " %s %zu\n", id, all ? "all" : "more", length);
    link_write(bytes, length);
}

void control_closed(uint64_t id, uint64_t out, uint64_t in)
{
    SAY("closed %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", id, out, in);
}

void control_query(uint64_t id, const union address *from, const union address *to, const char *bytes, size_t length)
{
    char source[ADDRESS_TEXT], destination[ADDRESS_TEXT];

    address_text(to, destination);
    *strchr(destination, ' ') = '\0';
    SAY("query %" PRIu64 " %s %s %zu\n", id, address_text(from, source), destination, length);
    link_write(bytes, length);
}

void control_refused(uint32_t count)
{
    SAY("refused %" PRIu32 "\n", count);
}

void control_ping(uint64_t number)
{
    SAY("ping %" PRIu64 "\n", number);
}

/* Decimal, as it is written here: no sign, no zero in front. */
static bool number_of(const char *word, uint64_t most, uint64_t *number)
{
    const size_t length = strspn(word, "0123456789");

    if (length == 0 || length > 19 || word[length] != '\0' || (length > 1 && word[0] == '0'))
        return false;
    *number = strtoull(word, NULL, 10);
    return *number <= most;
}

static bool address_of(const char *host, const char *port, union address *address)
{
    uint64_t number;

    memset(address, 0, sizeof(*address));
    if (!number_of(port, UINT16_MAX, &number) || number == 0)
        return false;
    if (inet_pton(AF_INET, host, &address->four.sin_addr) == 1) {
        address->four.sin_family = AF_INET;
        address->four.sin_port = htons((uint16_t)number);
        return true;
    }
    address->six.sin6_family = AF_INET6;
    address->six.sin6_port = htons((uint16_t)number);
    return inet_pton(AF_INET6, host, &address->six.sin6_addr) == 1;
}

static size_t split(char *line, char *words[WORDS])
{
    size_t count = 0;

    for (char *word = line; word != NULL; count++) {
        if (count == WORDS)
            return 0;
        words[count] = strsep(&word, " ");
    }
    return count;
}

static bool of_connection(char **words, size_t count, uint64_t id)
{
    struct connection *connection = connection_of(id);
    union address to;
    uint64_t beyond;

    if (strcmp(words[0], "dial") == 0) {
        const bool hold = count == 5 && strcmp(words[4], "hold") == 0;
        if ((count != 4 && !hold) || !address_of(words[2], words[3], &to))
            return false;
        if (connection != NULL)
            connection_dial(connection, &to, hold);
        return true;
    }
    if (strcmp(words[0], "peek") == 0) {
        if (count != 3 || !number_of(words[2], UINT32_MAX, &beyond))
            return false;
        if (connection != NULL)
            connection_peek(connection, (size_t)beyond);
        return true;
    }
    const bool releases = strcmp(words[0], "release") == 0;
    if (count != 2 || (!releases && strcmp(words[0], "reset") != 0))
        return false;
    if (connection != NULL && releases)
        connection_release(connection);
    else if (connection != NULL)
        connection_reset(connection);
    return true;
}

long control_take(const char *bytes, size_t length)
{
    char line[LINE], *words[WORDS];
    uint64_t number, more;
    const char *end = memchr(bytes, '\n', length < LINE ? length : LINE);

    if (end == NULL)
        return length < LINE ? 0 : -1;
    const size_t line_length = (size_t)(end - bytes);
    memcpy(line, bytes, line_length);
    line[line_length] = '\0';
    const size_t count = strlen(line) == line_length ? split(line, words) : 0;
    if (count < 2 || !number_of(words[1], UINT64_MAX, &number))
        return -1;
    if (strcmp(words[0], "pong") == 0 && count == 2) {
        link_alive(number);
        return (long)line_length + 1;
    }
    if (strcmp(words[0], "answer") != 0)
        return of_connection(words, count, number) ? (long)line_length + 1 : -1;
    if (count != 3 || !number_of(words[2], ANSWER_MOST, &more))
        return -1;
    if (length - line_length - 1 < more)
        return 0;
    names_answer(number, end + 1, (size_t)more);
    return (long)(line_length + 1 + more);
}

bool control_first_line(const char *line, int descriptor)
{
    uint64_t id;

    if (strcmp(line, "control " VERSION) == 0)
        return link_begin(descriptor);
    const bool hold = strncmp(line, "held ", 5) == 0;
    if ((!hold && strncmp(line, "stream ", 7) != 0) || !number_of(line + (hold ? 5 : 7), UINT64_MAX, &id) || !link_is_up())
        return false;
    struct connection *connection = connection_of(id);
    return connection != NULL && connection_join(connection, descriptor, hold);
}
