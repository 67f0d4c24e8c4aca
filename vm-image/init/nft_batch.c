#include "nft_batch.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

/* The kernel answers at once; only a kernel that is broken does not. */
#define ANSWER_SECONDS 10

/* Room for `size` bytes, aligned and zero; NULL when there is none. */
static void *room(struct nft_batch *batch, size_t size)
{
    void *place = batch->bytes + batch->used;

    if (size > sizeof(batch->bytes) || NLMSG_ALIGN(size) > sizeof(batch->bytes) - batch->used) {
        batch->overflown = true;
        return NULL;
    }
    memset(place, 0, NLMSG_ALIGN(size));
    batch->used += NLMSG_ALIGN(size);
    return place;
}

static void end_message(struct nft_batch *batch)
{
    if (batch->depth != 0)
        batch->overflown = true;
    if (batch->used > batch->message) {
        const uint32_t length = (uint32_t)(batch->used - batch->message);
        memcpy(batch->bytes + batch->message, &length, sizeof(length));
    }
}

static void begin_message(struct nft_batch *batch, uint16_t type, uint8_t family, uint16_t flags, uint16_t about)
{
    end_message(batch);
    batch->message = batch->used;
    struct nlmsghdr *header = room(batch, NLMSG_HDRLEN + sizeof(struct nfgenmsg));
    if (header == NULL)
        return;
    header->nlmsg_type = type;
    header->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
    struct nfgenmsg *body = NLMSG_DATA(header);
    *body = (struct nfgenmsg){.nfgen_family = family, .version = NFNETLINK_V0, .res_id = htons(about)};
}

void nft_begin(struct nft_batch *batch)
{
    memset(batch, 0, sizeof(*batch));
    begin_message(batch, NFNL_MSG_BATCH_BEGIN, AF_UNSPEC, 0, NFNL_SUBSYS_NFTABLES);
}

void nft_message(struct nft_batch *batch, uint16_t type, uint8_t family, uint16_t flags)
{
    begin_message(batch, (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type), family, (uint16_t)(NLM_F_ACK | flags), 0);
    batch->asked++;
}

void nft_data(struct nft_batch *batch, uint16_t attribute, const void *value, size_t size)
{
    struct nlattr *header = room(batch, sizeof(struct nlattr) + size);

    if (header == NULL)
        return;
    *header = (struct nlattr){.nla_len = (uint16_t)(sizeof(struct nlattr) + size), .nla_type = attribute};
    memcpy((char *)header + sizeof(*header), value, size);
}

void nft_number(struct nft_batch *batch, uint16_t attribute, uint32_t value)
{
    const uint32_t turned = htonl(value);

    nft_data(batch, attribute, &turned, sizeof(turned));
}

void nft_text(struct nft_batch *batch, uint16_t attribute, const char *value)
{
    nft_data(batch, attribute, value, strlen(value) + 1);
}

void nft_nest(struct nft_batch *batch, uint16_t attribute)
{
    const size_t begin = batch->used;

    if (batch->depth == NFT_BATCH_DEPTH) {
        batch->overflown = true;
        return;
    }
    nft_data(batch, (uint16_t)(attribute | NLA_F_NESTED), "", 0);
    batch->nests[batch->depth++] = begin;
}

void nft_end(struct nft_batch *batch)
{
    if (batch->depth == 0) {
        batch->overflown = true;
        return;
    }
    const size_t begin = batch->nests[--batch->depth];
    const uint16_t length = (uint16_t)(batch->used - begin);
    if (!batch->overflown)
        memcpy(batch->bytes + begin, &length, sizeof(length));
}

/* Takes what the kernel says of every message; false with the first errno it says. */
static bool take_answers(int control, unsigned int asked)
{
    char answers[8192] __attribute__((aligned(NLMSG_ALIGNTO)));

    while (asked > 0) {
        const ssize_t got = recv(control, answers, sizeof(answers), 0);
        if (got < 0)
            return false;
        size_t left = (size_t)got;
        for (struct nlmsghdr *header = (struct nlmsghdr *)(void *)answers; NLMSG_OK(header, left) && asked > 0; header = NLMSG_NEXT(header, left)) {
            const struct nlmsgerr *said = NLMSG_DATA(header);
            if (header->nlmsg_type != NLMSG_ERROR || header->nlmsg_len < NLMSG_LENGTH(sizeof(*said))) {
                errno = EPROTO;
                return false;
            }
            errno = -said->error;
            if (errno != 0)
                return false;
            asked--;
        }
    }
    return true;
}

bool nft_commit(struct nft_batch *batch)
{
    const struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
    const struct timeval limit = {.tv_sec = ANSWER_SECONDS};

    begin_message(batch, NFNL_MSG_BATCH_END, AF_UNSPEC, 0, NFNL_SUBSYS_NFTABLES);
    end_message(batch);
    if (batch->overflown) {
        errno = ENOBUFS;
        return false;
    }
    const int control = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
    if (control < 0)
        return false;
    const bool done = setsockopt(control, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) == 0 &&
                      sendto(control, batch->bytes, batch->used, 0, (const struct sockaddr *)&kernel, sizeof(kernel)) == (ssize_t)batch->used &&
                      take_answers(control, batch->asked);
    const int error = errno;
    close(control);
    errno = error;
    return done;
}
