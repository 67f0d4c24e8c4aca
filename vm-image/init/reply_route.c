#include "reply_route.h"

#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Any number below 253 that nobody else uses: there are no other tables in a VM. */
#define REPLY_TABLE 100

struct message {
    struct nlmsghdr header;
    union {
        struct rtmsg route;
        struct fib_rule_hdr rule;
    };
    char attributes[64];
};

static void put(struct message *message, unsigned short type, const void *value, size_t size)
{
    struct rtattr *attribute = (struct rtattr *)(void *)((char *)message + NLMSG_ALIGN(message->header.nlmsg_len));

    attribute->rta_type = type;
    attribute->rta_len = (unsigned short)RTA_LENGTH(size);
    memcpy(RTA_DATA(attribute), value, size);
    message->header.nlmsg_len = (unsigned int)(NLMSG_ALIGN(message->header.nlmsg_len) + RTA_SPACE(size));
}

/* Sends it and takes the kernel's answer; false with the errno in it. */
static bool carry_out(int control, const struct message *message)
{
    struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
    struct {
        struct nlmsghdr header;
        struct nlmsgerr error;
        char rest[256];
    } answer;

    if (sendto(control, message, message->header.nlmsg_len, 0, (struct sockaddr *)&kernel, sizeof(kernel)) != (ssize_t)message->header.nlmsg_len)
        return false;
    const ssize_t got = recv(control, &answer, sizeof(answer), 0);
    if (got < (ssize_t)NLMSG_LENGTH(sizeof(answer.error)) || answer.header.nlmsg_type != NLMSG_ERROR) {
        errno = got < 0 ? errno : EPROTO;
        return false;
    }
    errno = -answer.error.error;
    return answer.error.error == 0;
}

static struct nlmsghdr request(unsigned short type, size_t size)
{
    return (struct nlmsghdr){
        .nlmsg_len = (unsigned int)NLMSG_LENGTH(size), .nlmsg_type = type, .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL};
}

static bool add_route(int control, struct in_addr gateway, unsigned int interface)
{
    struct message message = {.header = request(RTM_NEWROUTE, sizeof(message.route)),
                              .route = {.rtm_family = AF_INET,
                                        .rtm_dst_len = 32,
                                        .rtm_table = REPLY_TABLE,
                                        .rtm_protocol = RTPROT_BOOT,
                                        .rtm_scope = RT_SCOPE_LINK,
                                        .rtm_type = RTN_UNICAST}};

    put(&message, RTA_DST, &gateway, sizeof(gateway));
    put(&message, RTA_OIF, &interface, sizeof(interface));
    return carry_out(control, &message);
}

static bool add_rule(int control)
{
    const unsigned int mark = REPLY_MARK;
    struct message message = {.header = request(RTM_NEWRULE, sizeof(message.rule)),
                              .rule = {.family = AF_INET, .table = REPLY_TABLE, .action = FR_ACT_TO_TBL}};

    put(&message, FRA_FWMARK, &mark, sizeof(mark));
    return carry_out(control, &message);
}

bool add_reply_route(struct in_addr gateway, unsigned int interface)
{
    int control = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

    if (control < 0)
        return false;
    bool done = add_route(control, gateway, interface) && add_rule(control);
    int error = errno;
    close(control);
    errno = error;
    return done;
}
