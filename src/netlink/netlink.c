#include "netlink.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

/* The kernel answers at once; this is for one that does not. */
#define ANSWER_SECONDS 10
#define ATTRIBUTE sizeof(struct nlattr)

/* Room for so many bytes, aligned and empty; NULL: there is none. */
static char *take(struct netlink_batch *batch, size_t length)
{
    const size_t aligned = NLMSG_ALIGN(length);

    if (batch->is_faulty || length > sizeof(batch->bytes) || aligned > sizeof(batch->bytes) - batch->length) {
        batch->is_faulty = true;
        return NULL;
    }
    char *place = batch->bytes + batch->length;
    memset(place, 0, aligned);
    batch->length += aligned;
    return place;
}

static void update_length(struct netlink_batch *batch)
{
    struct nlmsghdr *header = (struct nlmsghdr *)(void *)(batch->bytes + batch->message);

    if (!batch->is_faulty)
        header->nlmsg_len = (uint32_t)(batch->length - batch->message);
}

void netlink_begin(struct netlink_batch *batch, uint16_t type, uint16_t flags, const void *family_header, size_t length)
{
    if (batch->depth != 0)
        batch->is_faulty = true;
    batch->message = batch->length;
    struct nlmsghdr *header = (struct nlmsghdr *)(void *)take(batch, NLMSG_HDRLEN + length);

    if (header == NULL)
        return;
    *header = (struct nlmsghdr){.nlmsg_type = type, .nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags)};
    if ((flags & NLM_F_ACK) != 0)
        batch->asked++;
    memcpy(NLMSG_DATA(header), family_header, length);
    update_length(batch);
}

void netlink_put(struct netlink_batch *batch, uint16_t type, const void *value, size_t length)
{
    struct nlattr *attribute = (struct nlattr *)(void *)take(batch, ATTRIBUTE + length);

    if (attribute == NULL)
        return;
    *attribute = (struct nlattr){.nla_type = type, .nla_len = (uint16_t)(ATTRIBUTE + length)};
    if (length > 0)
        memcpy((char *)attribute + ATTRIBUTE, value, length);
    update_length(batch);
}

void netlink_put_bare(struct netlink_batch *batch, const void *value, size_t length)
{
    char *place = take(batch, length);

    if (place != NULL)
        memcpy(place, value, length);
    update_length(batch);
}

void netlink_put_text(struct netlink_batch *batch, uint16_t type, const char *text)
{
    netlink_put(batch, type, text, strlen(text) + 1);
}

void netlink_put_u32(struct netlink_batch *batch, uint16_t type, uint32_t value)
{
    netlink_put(batch, type, &value, sizeof(value));
}

void netlink_put_be32(struct netlink_batch *batch, uint16_t type, uint32_t value)
{
    netlink_put_u32(batch, type, htonl(value));
}

void netlink_put_be64(struct netlink_batch *batch, uint16_t type, uint64_t value)
{
    const uint64_t swapped = htobe64(value);

    netlink_put(batch, type, &swapped, sizeof(swapped));
}

void netlink_nest(struct netlink_batch *batch, uint16_t type)
{
    if (batch->depth == NETLINK_BATCH_DEPTH) {
        batch->is_faulty = true;
        return;
    }
    batch->nests[batch->depth++] = batch->length;
    netlink_put(batch, (uint16_t)(type | NLA_F_NESTED), NULL, 0);
}

void netlink_end(struct netlink_batch *batch)
{
    if (batch->depth == 0) {
        batch->is_faulty = true;
        return;
    }
    const size_t begin = batch->nests[--batch->depth];
    if (!batch->is_faulty)
        ((struct nlattr *)(void *)(batch->bytes + begin))->nla_len = (uint16_t)(batch->length - begin);
}

int netlink_open(int family)
{
    const struct timeval limit = {.tv_sec = ANSWER_SECONDS};
    const int netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, family);

    if (netlink >= 0)
        setsockopt(netlink, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    return netlink;
}

/* The answers in one datagram; false with the errno of one that was refused. */
static bool take_answers(const char *bytes, size_t length, unsigned int *left)
{
    size_t at = 0;

    while (at + NLMSG_LENGTH(sizeof(struct nlmsgerr)) <= length) {
        const struct nlmsghdr *header = (const struct nlmsghdr *)(const void *)(bytes + at);
        const struct nlmsgerr *answer = (const struct nlmsgerr *)NLMSG_DATA(header);
        if (header->nlmsg_type != NLMSG_ERROR || header->nlmsg_len < NLMSG_LENGTH(sizeof(*answer))) {
            errno = EPROTO;
            return false;
        }
        if (answer->error != 0) {
            errno = -answer->error;
            return false;
        }
        if (*left > 0)
            (*left)--;
        at += NLMSG_ALIGN(header->nlmsg_len);
    }
    return true;
}

bool netlink_ask(int netlink, struct netlink_batch *batch)
{
    _Alignas(8) char answers[8192];
    unsigned int left = batch->asked;
    const size_t length = batch->length;
    const bool is_whole = !batch->is_faulty && batch->depth == 0;

    batch->length = 0;
    batch->depth = 0;
    batch->asked = 0;
    batch->is_faulty = false;
    if (!is_whole) {
        errno = ENOBUFS;
        return false;
    }
    if (send(netlink, batch->bytes, length, 0) != (ssize_t)length)
        return false;
    while (left > 0) {
        const ssize_t got = recv(netlink, answers, sizeof(answers), 0);
        if (got < 0 || !take_answers(answers, (size_t)got, &left))
            return false;
    }
    return true;
}

bool netlink_ask_once(int family, struct netlink_batch *batch)
{
    const int netlink = netlink_open(family);

    if (netlink < 0)
        return false;
    const bool done = netlink_ask(netlink, batch);
    const int error = errno;
    close(netlink);
    errno = error;
    return done;
}
