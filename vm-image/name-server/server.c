#include "server.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "pending.h"

/* Bytes; what is longer than a query may be is cut off, and then it is none. */
#define QUERY_BUFFER 4096
#define ANSWER_BUFFER 65536
/* Messages taken from one socket before the others have their turn. */
#define ROUND 32

static int64_t now_ms(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/* Another than any that waits: an answer belongs to one query alone. */
static void choose_way(struct pending_table *table, struct pending *entry, int64_t now)
{
    struct {
        uint16_t id;
        uint8_t socket;
    } way;

    /* not one that waits itself yet */
    entry->used = false;
    do {
        /* Not by the C library: from 2.41 on it would map memory for the kernel's vDSO first, which the filter ends the process for. */
        if (syscall(SYS_getrandom, &way, sizeof(way), 0) != (long)sizeof(way))
            _exit(EXIT_FAILURE);
        way.socket %= UPSTREAM_COUNT;
    } while (pending_find(table, way.socket, way.id, now) != NULL);
    entry->used = true;
    entry->id = way.id;
    entry->socket = way.socket;
}

static void pass_on(const struct server *server, struct pending_table *table, const struct sockaddr_in *client, uint8_t *query, size_t length,
                    const struct question *question)
{
    const int64_t now = now_ms();
    struct pending *entry = pending_add(table, client, party_of(client->sin_addr, server->vm), now);

    memcpy(&entry->client_id, query, sizeof(entry->client_id));
    memcpy(entry->question, question->bytes, question->length);
    entry->question_length = question->length;
    choose_way(table, entry, now);
    memcpy(query, &entry->id, sizeof(entry->id));
    /* What is not sent, the client sends again. */
    (void)!send(server->upstream[entry->socket], query, length, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static bool take_query(const struct server *server, struct pending_table *table)
{
    static uint8_t query[QUERY_BUFFER];
    uint8_t answer[ANSWER_LIMIT];
    struct sockaddr_in client;
    socklen_t client_length = sizeof(client);
    struct question question;
    const ssize_t length = recvfrom(server->listener, query, sizeof(query), MSG_DONTWAIT | MSG_TRUNC, (struct sockaddr *)&client, &client_length);

    if (length < 0)
        return errno != EAGAIN;
    if (length > (ssize_t)sizeof(query) || client_length != sizeof(client) || !read_query(query, (size_t)length, &question))
        return true;
    const size_t own = own_answer(query, &question, server->host, server->filter, answer);
    if (own == 0)
        pass_on(server, table, &client, query, (size_t)length, &question);
    else
        (void)!sendto(server->listener, answer, own, MSG_DONTWAIT | MSG_NOSIGNAL, (struct sockaddr *)&client, sizeof(client));
    return true;
}

static bool take_answer(const struct server *server, struct pending_table *table, uint8_t socket)
{
    static uint8_t answer[ANSWER_BUFFER];
    const ssize_t length = recv(server->upstream[socket], answer, sizeof(answer), MSG_DONTWAIT);
    uint16_t id;

    if (length < 0)
        return errno != EAGAIN;
    if (length < HEADER_SIZE)
        return true;
    memcpy(&id, answer, sizeof(id));
    struct pending *entry = pending_find(table, socket, id, now_ms());
    if (entry == NULL || !is_answer(answer, (size_t)length, entry->question, entry->question_length))
        return true;
    memcpy(answer, &entry->client_id, sizeof(entry->client_id));
    (void)!sendto(server->listener, answer, (size_t)length, MSG_DONTWAIT | MSG_NOSIGNAL, (struct sockaddr *)&entry->client, sizeof(entry->client));
    pending_end(table, entry);
    return true;
}

_Noreturn void serve(const struct server *server)
{
    static struct pending_table table;
    struct pollfd wait[UPSTREAM_COUNT + 1];

    for (size_t i = 0; i < UPSTREAM_COUNT; i++)
        wait[i] = (struct pollfd){.fd = server->upstream[i], .events = POLLIN};
    wait[UPSTREAM_COUNT] = (struct pollfd){.fd = server->listener, .events = POLLIN};
    for (;;) {
        if (poll(wait, UPSTREAM_COUNT + 1, -1) < 0 && errno != EINTR)
            _exit(EXIT_FAILURE);
        for (uint8_t i = 0; i < UPSTREAM_COUNT; i++)
            for (int round = 0; wait[i].revents != 0 && round < ROUND && take_answer(server, &table, i); round++)
                continue;
        for (int round = 0; wait[UPSTREAM_COUNT].revents != 0 && round < ROUND && take_query(server, &table); round++)
            continue;
    }
}
