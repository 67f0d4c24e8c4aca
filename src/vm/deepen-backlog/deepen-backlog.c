/*
 * usage: deepen-backlog PID
 *        deepen-backlog --by-parent PROGRAM [ARGUMENT...]
 *
 * Has the kernel keep more connections for the TCP ports a process listens at, until that takes them. libslirp, by which QEMU listens for published ports, asks for one:
 * of connections that are begun in the same moment the third is not heard of before its client tries again, a second later.
 *
 * And has its UDP ports for itself: libslirp sets SO_REUSEADDR, by which any user of the host could bind the same port and have what is sent to it. The kernel asks both
 * sockets for it, each time, so it may be taken back from one that is bound.
 *
 * listen(2) once more, on the same open socket, changes nothing else. The kernel lends it (pidfd_getfd) to who may trace the process, so nothing is had here that the
 * caller has not. Says so and ends with 1 where the kernel forbids it.
 *
 * Yama, as some distributions set it, forbids it to all but those the process descends from and whom it has named. So the second form names its parent, whose children may
 * then do the first, and becomes the program.
 */
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The kernel's own limit, unless an administrator has changed it (net.core.somaxconn). */
#define BACKLOG 4096

static bool is_socket(int directory, const char *name)
{
    char target[16];
    const ssize_t length = readlinkat(directory, name, target, sizeof(target));

    return length > 8 && memcmp(target, "socket:[", 8) == 0;
}

static int option_of(int socket, int option)
{
    int value = -1;
    socklen_t length = sizeof(value);

    return getsockopt(socket, SOL_SOCKET, option, &value, &length) == 0 ? value : -1;
}

static bool listens_by_tcp(int socket)
{
    const int domain = option_of(socket, SO_DOMAIN);

    return (domain == AF_INET || domain == AF_INET6) && option_of(socket, SO_TYPE) == SOCK_STREAM && option_of(socket, SO_ACCEPTCONN) == 1;
}

static bool is_shared_udp(int socket)
{
    return option_of(socket, SO_DOMAIN) == AF_INET && option_of(socket, SO_TYPE) == SOCK_DGRAM && option_of(socket, SO_REUSEADDR) == 1;
}

/* What is gone meanwhile is not missed. */
static bool deepen(int process, int descriptor)
{
    const int socket = (int)syscall(SYS_pidfd_getfd, process, descriptor, 0);

    if (socket < 0)
        return errno == EBADF;
    const int off = 0;
    const bool done = (!listens_by_tcp(socket) || listen(socket, BACKLOG) == 0) &&
                      (!is_shared_udp(socket) || setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &off, sizeof(off)) == 0);
    close(socket);
    return done;
}

static bool deepen_all(int process, DIR *descriptors)
{
    for (struct dirent *entry; (entry = readdir(descriptors)) != NULL;)
        if (is_socket(dirfd(descriptors), entry->d_name) && !deepen(process, atoi(entry->d_name)))
            return false;
    return true;
}

_Noreturn static void become(char **words)
{
    /* a kernel without Yama knows no such thing, and needs none */
    prctl(PR_SET_PTRACER, getppid(), 0, 0, 0);
    execvp(words[0], words);
    fprintf(stderr, "%s: %s\n", words[0], strerror(errno));
    _exit(127);
}

int main(int count, char **words)
{
    char path[32];
    char *end = "";
    const long pid = count == 2 ? strtol(words[1], &end, 10) : 0;

    if (count > 2 && strcmp(words[1], "--by-parent") == 0)
        become(words + 2);
    if (pid < 1 || pid > 1 << 22 || *end != '\0') {
        fputs("usage: deepen-backlog PID\n       deepen-backlog --by-parent PROGRAM [ARGUMENT...]\n", stderr);
        return 64;
    }
    /* the process first: what is in its directory afterwards is its own, or gone */
    const int process = (int)syscall(SYS_pidfd_open, (pid_t)pid, 0);
    snprintf(path, sizeof(path), "/proc/%ld/fd", pid);
    DIR *descriptors = process < 0 ? NULL : opendir(path);
    if (descriptors == NULL || !deepen_all(process, descriptors)) {
        fprintf(stderr, "deepen-backlog: %s\n", strerror(errno));
        return 1;
    }
    return 0;
}
