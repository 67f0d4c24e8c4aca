#include "lease.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#ifndef PORTS_SOCKET
#define PORTS_SOCKET "/run/bulkhead/ports.sock"
#endif

bool lease_needed(void)
{
    return access(PORTS_SOCKET, F_OK) == 0 || errno != ENOENT;
}

static bool send_line(int lease, const char *line, size_t length)
{
    return send(lease, line, length, MSG_NOSIGNAL) == (ssize_t)length;
}

int lease_ask(const struct port *port, unsigned int guest_port)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = PORTS_SOCKET};
    char line[LEASE_LINE];
    int length = snprintf(line, sizeof(line), "publish %s %s %s %s %s %u\n", port->proto, port->host_ip, port->host_port, port->container_ip,
                          port->container_port, guest_port);
    int lease = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (lease < 0)
        return -1;
    if (connect(lease, (struct sockaddr *)&address, sizeof(address)) == 0 && length > 0 && (size_t)length < sizeof(line) &&
        send_line(lease, line, (size_t)length))
        return lease;
    int error = errno;
    close(lease);
    errno = error;
    return -1;
}

int lease_read(int lease, char line[LEASE_LINE], size_t *length)
{
    ssize_t got = recv(lease, line + *length, LEASE_LINE - 1 - *length, MSG_DONTWAIT);

    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    if (got <= 0)
        return -1;
    *length += (size_t)got;
    line[*length] = '\0';
    char *end = strchr(line, '\n');
    if (end == NULL)
        return *length + 1 < LEASE_LINE ? 0 : -1;
    *end = '\0';
    return 1;
}

unsigned int lease_granted(const char *line, const char **reason)
{
    char *end;
    unsigned long port;

    if (strncmp(line, "ok ", 3) == 0 && line[3] >= '1' && line[3] <= '9') {
        port = strtoul(line + 3, &end, 10);
        if (*end == '\0' && port <= 65535)
            return (unsigned int)port;
    }
    *reason = strncmp(line, "error ", 6) == 0 ? line + 6 : "bulkheadd said something unknown";
    return 0;
}

static int left_of(const struct timespec *begun, int ms)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    long passed = (now.tv_sec - begun->tv_sec) * 1000 + (now.tv_nsec - begun->tv_nsec) / 1000000;
    return passed >= ms ? 0 : (int)(ms - passed);
}

void lease_release(int lease, int ms)
{
    struct timespec begun;
    char rest[LEASE_LINE];

    clock_gettime(CLOCK_MONOTONIC, &begun);
    if (send_line(lease, "release\n", 8))
        for (struct pollfd polled = {.fd = lease, .events = POLLIN}; poll(&polled, 1, left_of(&begun, ms)) > 0;) {
            ssize_t got = recv(lease, rest, sizeof(rest), MSG_DONTWAIT);
            if (got == 0 || (got < 0 && errno != EAGAIN))
                break;
        }
    close(lease);
}
