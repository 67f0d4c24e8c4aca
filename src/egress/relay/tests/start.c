/* usage: start PROGRAM SOCKET: opens on the loopback what egress-relay inherits, writes `TCP-PORT UDP-PORT` and becomes the program. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static unsigned int open_at(int number, int type)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t length = sizeof(address);
    const int on = 1, descriptor = socket(AF_INET, type | SOCK_NONBLOCK, 0);

    if (descriptor < 0 || bind(descriptor, (struct sockaddr *)&address, sizeof(address)) != 0 || getsockname(descriptor, (struct sockaddr *)&address, &length) != 0 ||
        (type == SOCK_STREAM ? listen(descriptor, 128) : setsockopt(descriptor, SOL_IP, IP_PKTINFO, &on, sizeof(on))) != 0 || dup2(descriptor, number) != number)
        exit(1);
    if (descriptor != number)
        close(descriptor);
    return ntohs(address.sin_port);
}

int main(int count, char **arguments)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    if (count != 3 || strlen(arguments[2]) >= sizeof(address.sun_path))
        return 64;
    strcpy(address.sun_path, arguments[2]);
    unlink(arguments[2]);
    close_range(3, ~0U, 0);
    const int door = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (door != 3 || bind(door, (struct sockaddr *)&address, sizeof(address)) != 0 || listen(door, 128) != 0)
        return 1;
    const unsigned int tcp = open_at(4, SOCK_STREAM), udp = open_at(6, SOCK_DGRAM);
    printf("%u %u\n", tcp, udp);
    fflush(stdout);
    execl(arguments[1], arguments[1], (char *)NULL);
    return 127;
}
