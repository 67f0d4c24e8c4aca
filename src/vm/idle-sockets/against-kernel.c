/*
 * against-kernel ROUNDS SEED: asks for many sockets by ppoll(3) of the C library, or of what is loaded before it, and by the system call, and compares what they say, while the sockets are written to,
 * read, closed, made again, and asked for otherwise, twice or not at all. Prints in how many rounds they said the same, and how many sockets an epoll instance waited for at the most.
 */
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { pairs = 100, most_asked = 4 * pairs, silent_rounds = 16 };

static int ends[pairs][2];
static const short wishes[] = {POLLIN, POLLIN, POLLIN, POLLIN | POLLOUT, POLLIN | POLLPRI | POLLERR | POLLHUP, POLLRDHUP, 0};
static short wish_of[pairs][2];

static int chance(int of)
{
    return (int)((unsigned int)random() % (unsigned int)of);
}

static void make(int pair)
{
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends[pair]) != 0)
        abort();
    wish_of[pair][0] = wish_of[pair][1] = POLLIN;
}

static void change_something(void)
{
    const int pair = chance(pairs), end = chance(2), fd = ends[pair][end];
    char byte[64];

    switch (chance(8)) {
    case 0:
        if (write(fd, "x", 1) < 0 && errno != EPIPE && errno != EAGAIN && errno != EBADF)
            abort();
        break;
    case 1:
        while (read(fd, byte, sizeof(byte)) > 0)
            ;
        break;
    case 2:
        wish_of[pair][end] = wishes[chance(sizeof(wishes) / sizeof(wishes[0]))];
        break;
    case 3:
        /* at once made anew, mostly with the same numbers */
        close(ends[pair][0]);
        close(ends[pair][1]);
        make(pair);
        break;
    case 4:
        shutdown(fd, SHUT_WR);
        break;
    default:
        break;
    }
}

/* Some are left out, and some asked for twice. */
static nfds_t gather(struct pollfd *wanted, bool all)
{
    nfds_t size = 0;

    for (int pair = 0; pair < pairs; pair++)
        for (int end = 0; end < 2; end++) {
            if (!all && chance(200) == 0)
                continue;
            wanted[size++] = (struct pollfd){.fd = ends[pair][end], .events = wish_of[pair][end]};
            if (!all && chance(100) == 0)
                wanted[size++] = (struct pollfd){.fd = chance(4) == 0 ? -1 : ends[pair][end], .events = chance(2) == 0 ? POLLOUT : POLLIN};
        }
    return size;
}

/* What is said once the events are there, whatever the two have asked first. */
static bool agrees(const struct pollfd *wanted, nfds_t size)
{
    static struct pollfd here[most_asked], there[most_asked];
    const struct timespec now = {0};

    memcpy(here, wanted, size * sizeof(*wanted));
    memcpy(there, wanted, size * sizeof(*wanted));
    const int by_library = ppoll(here, size, &now, NULL);
    const int by_kernel = (int)syscall(SYS_ppoll, there, size, &now, NULL, 0);
    for (nfds_t i = 0; i < size; i++)
        if (here[i].revents != there[i].revents) {
            printf("descriptor %d, asked for %#x: %#x, and the kernel says %#x\n", here[i].fd, here[i].events, here[i].revents, there[i].revents);
            return false;
        }
    if (by_library != by_kernel)
        printf("%d have something to say, and the kernel says %d\n", by_library, by_kernel);
    return by_library == by_kernel;
}

static int waited_for(void)
{
    char path[300], line[256];
    int found = 0;
    DIR *directory = opendir("/proc/self/fdinfo");

    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        snprintf(path, sizeof(path), "/proc/self/fdinfo/%s", entry->d_name);
        FILE *file = fopen(path, "re");
        while (file != NULL && fgets(line, sizeof(line), file) != NULL)
            found += strncmp(line, "tfd:", 4) == 0;
        if (file != NULL)
            fclose(file);
    }
    closedir(directory);
    return found;
}

static void *act(void *which)
{
    const struct timespec soon = {.tv_nsec = 20000000};

    nanosleep(&soon, NULL);
    if (which == NULL) {
        if (write(ends[0][1], "x", 1) != 1)
            abort();
    } else
        close(ends[1][1]);
    return NULL;
}

/* Who waits without end is woken by what another thread does. */
static void wait_for_other(bool closes)
{
    struct pollfd wanted[most_asked];
    const nfds_t size = gather(wanted, true);
    pthread_t other;
    char byte;

    while (read(ends[0][0], &byte, 1) > 0)
        ;
    pthread_create(&other, NULL, act, closes ? ends : NULL);
    const int told = ppoll(wanted, size, NULL, NULL);
    pthread_join(other, NULL);
    const struct pollfd *const woken = &wanted[closes ? 2 : 0];
    printf("%d: %d %#x\n", told, woken->fd == ends[closes ? 1 : 0][0], woken->revents);
}

int main(int argc, char **argv)
{
    struct pollfd wanted[most_asked];
    int same = 0, most = 0;

    if (argc != 3)
        return 64;
    srandom((unsigned int)atoi(argv[2]));
    setvbuf(stdout, NULL, _IOLBF, 0);
    signal(SIGPIPE, SIG_IGN);
    for (int pair = 0; pair < pairs; pair++)
        make(pair);
    for (int round = 0; round < atoi(argv[1]); round++) {
        if (chance(3) == 0)
            change_something();
        same += agrees(wanted, gather(wanted, chance(2) == 0));
        const int now = round % 100 == 0 ? waited_for() : 0;
        most = now > most ? now : most;
    }
    printf("%d %d\n", same, most);
    for (int pair = 0; pair < pairs; pair++) {
        close(ends[pair][0]);
        close(ends[pair][1]);
        make(pair);
    }
    for (int round = 0; round < silent_rounds; round++)
        same += agrees(wanted, gather(wanted, true));
    wait_for_other(false);
    wait_for_other(true);
    return 0;
}
