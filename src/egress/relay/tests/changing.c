/*
 * usage: changing PORT FIRST THEN: connects to the port on the loopback, sends FIRST out of pages it keeps, and writes THEN, which is as long, over them when it is told
 * to by a line. What waits in the kernel for its reader changes with them.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int count, char **arguments)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    char line[16];

    if (count != 4)
        return 64;
    const size_t length = strlen(arguments[2]);
    address.sin_port = htons((uint16_t)atoi(arguments[1]));
    const int pages = memfd_create("pages", MFD_CLOEXEC), to = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    off_t from = 0;
    if (pages < 0 || to < 0 || write(pages, arguments[2], length) != (ssize_t)length || connect(to, (struct sockaddr *)&address, sizeof(address)) != 0 ||
        sendfile(to, pages, &from, length) != (ssize_t)length)
        return 1;
    if (fgets(line, sizeof(line), stdin) == NULL || pwrite(pages, arguments[3], length, 0) != (ssize_t)length)
        return 1;
    puts("changed");
    fflush(stdout);
    return fgets(line, sizeof(line), stdin) == NULL ? 0 : 1;
}
