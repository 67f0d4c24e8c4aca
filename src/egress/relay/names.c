#include "names.h"

#include <string.h>
#include <sys/socket.h>

#include "control.h"
#include "link.h"
#include "sources.h"

#define QUESTIONS 4096
/* A question is one name and some options; what is longer is none. */
#define QUESTION_MOST 1232
#define TAKEN_AT_ONCE 64
/* Resolvers ask again after 5 s, and give up. */
#define QUESTION_MS 10000

struct question {
    uint64_t id; /* 0: free */
    int socket;
    union address from;
    union address to;
    int64_t deadline;
    uint32_t source;
};

static struct question questions[QUESTIONS];
static uint64_t asked;

union control {
    struct cmsghdr header;
    char four[CMSG_SPACE(sizeof(struct in_pktinfo))];
    char six[CMSG_SPACE(sizeof(struct in6_pktinfo))];
};

void names_begin(void)
{
    sources_limit(HELD_QUESTIONS, QUESTIONS);
}

static void forget(struct question *question)
{
    question->id = 0;
    source_give_back(question->source, HELD_QUESTIONS);
}

void names_forget_all(void)
{
    for (size_t i = 0; i < QUESTIONS; i++)
        if (questions[i].id != 0)
            forget(&questions[i]);
}

void names_look(int64_t now)
{
    for (size_t i = 0; i < QUESTIONS; i++)
        if (questions[i].id != 0 && questions[i].deadline <= now)
            forget(&questions[i]);
}

/* The address a datagram was for. */
static bool asked_address(struct msghdr *message, union address *to)
{
    memset(to, 0, sizeof(*to));
    for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part != NULL; part = CMSG_NXTHDR(message, part)) {
        if (part->cmsg_level == SOL_IP && part->cmsg_type == IP_PKTINFO) {
            struct in_pktinfo info;
            memcpy(&info, CMSG_DATA(part), sizeof(info));
            to->four.sin_family = AF_INET;
            to->four.sin_addr = info.ipi_addr;
            return true;
        }
        if (part->cmsg_level == SOL_IPV6 && part->cmsg_type == IPV6_PKTINFO) {
            struct in6_pktinfo info;
            memcpy(&info, CMSG_DATA(part), sizeof(info));
            to->six.sin6_family = AF_INET6;
            to->six.sin6_addr = info.ipi6_addr;
            return true;
        }
    }
    return false;
}

/* The next that is free; the table is as large as there may be questions. */
static struct question *take_free(void)
{
    for (size_t tries = 0; tries < QUESTIONS; tries++) {
        struct question *question = &questions[++asked % QUESTIONS];
        if (question->id == 0) {
            question->id = asked;
            return question;
        }
    }
    return NULL;
}

static void ask(int socket, const union address *from, const union address *to, const char *bytes, size_t length)
{
    const uint32_t source = source_of(from);

    if (source == NO_SOURCE)
        return;
    if (!source_take(source, HELD_QUESTIONS)) {
        source_forget_unused(source);
        return;
    }
    struct question *question = take_free();
    if (question == NULL) {
        source_give_back(source, HELD_QUESTIONS);
        return;
    }
    question->socket = socket;
    question->from = *from;
    question->to = *to;
    question->source = source;
    question->deadline = now_ms() + QUESTION_MS;
    control_query(question->id, from, to, bytes, length);
}

void names_take(int socket)
{
    static char bytes[QUESTION_MOST + 1];

    for (int i = 0; i < TAKEN_AT_ONCE; i++) {
        union control control;
        union address from, to;
        struct iovec part = {.iov_base = bytes, .iov_len = sizeof(bytes)};
        struct msghdr message = {.msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};
        const ssize_t got = recvmsg(socket, &message, MSG_DONTWAIT);
        if (got < 0)
            return;
        if (got > 0 && got <= QUESTION_MOST && link_is_up() && link_has_room() && asked_address(&message, &to))
            ask(socket, &from, &to, bytes, (size_t)got);
    }
}

static void send_from(const struct question *question, const char *bytes, size_t length)
{
    union control control;
    union address to = question->from;
    struct iovec part = {.iov_base = (void *)(uintptr_t)bytes, .iov_len = length};
    struct msghdr message = {.msg_name = &to, .msg_namelen = address_length(&to), .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control};

    memset(&control, 0, sizeof(control));
    if (to.any.sa_family == AF_INET) {
        const struct in_pktinfo info = {.ipi_spec_dst = question->to.four.sin_addr};
        message.msg_controllen = sizeof(control.four);
        control.header = (struct cmsghdr){.cmsg_level = SOL_IP, .cmsg_type = IP_PKTINFO, .cmsg_len = CMSG_LEN(sizeof(info))};
        memcpy(CMSG_DATA(&control.header), &info, sizeof(info));
    } else {
        const struct in6_pktinfo info = {.ipi6_addr = question->to.six.sin6_addr};
        message.msg_controllen = sizeof(control.six);
        control.header = (struct cmsghdr){.cmsg_level = SOL_IPV6, .cmsg_type = IPV6_PKTINFO, .cmsg_len = CMSG_LEN(sizeof(info))};
        memcpy(CMSG_DATA(&control.header), &info, sizeof(info));
    }
    /* one that is lost is asked for again */
    (void)!sendmsg(question->socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

void names_answer(uint64_t id, const char *bytes, size_t length)
{
    struct question *question = &questions[id % QUESTIONS];

    if (id == 0 || question->id != id)
        return;
    send_from(question, bytes, length);
    forget(question);
}
