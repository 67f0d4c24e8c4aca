#include "doors.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control.h"

#define VISITORS 256
#define FIRST_LINE 32
#define SILENT_MS 10000

struct visitor {
    int descriptor; /* 0: none */
    int64_t deadline;
};

static struct visitor visitors[VISITORS];

static void send_away(struct visitor *visitor)
{
    close(visitor->descriptor);
    visitor->descriptor = 0;
}

void doors_accept(void)
{
    for (uint32_t which = 0; which < VISITORS; which++) {
        struct visitor *visitor = &visitors[which];
        if (visitor->descriptor != 0)
            continue;
        const int descriptor = accept4(DOOR, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (descriptor < 0)
            return;
        *visitor = (struct visitor){.descriptor = descriptor, .deadline = now_ms() + SILENT_MS};
        if (!watch(descriptor, EPOLLIN, AT_VISITOR, which))
            send_away(visitor);
    }
}

/* Only the line is taken: what comes behind it is the connection's. */
void doors_event(uint32_t which)
{
    struct visitor *visitor = &visitors[which];
    char line[FIRST_LINE];

    if (visitor->descriptor == 0)
        return;
    const ssize_t got = recv(visitor->descriptor, line, sizeof(line), MSG_PEEK | MSG_DONTWAIT);
    const char *end = got > 0 ? memchr(line, '\n', (size_t)got) : NULL;
    if (end == NULL) {
        if (got == 0 || got == (ssize_t)sizeof(line) || (got < 0 && errno != EAGAIN))
            send_away(visitor);
        return;
    }
    const size_t length = (size_t)(end - line);
    if (recv(visitor->descriptor, line, length + 1, MSG_DONTWAIT) != (ssize_t)length + 1) {
        send_away(visitor);
        return;
    }
    line[length] = '\0';
    if (control_first_line(line, visitor->descriptor))
        visitor->descriptor = 0;
    else
        send_away(visitor);
}

void doors_look(int64_t now)
{
    for (uint32_t which = 0; which < VISITORS; which++)
        if (visitors[which].descriptor != 0 && visitors[which].deadline <= now)
            send_away(&visitors[which]);
}
