/*
 * Has QEMU wait for thousands of sockets that are silent as if there were few: loaded into it (LD_PRELOAD), it stands before the call by which its main loop waits. libslirp has a socket for
 * each connection of a guest's and each port a datagram came from, and ppoll(2) asks for each of them in every round.
 *
 * Threat: a container that has as many as it may, and says nothing by them, halves what its neighbours send and doubles the time they wait.
 *
 * What was asked for in the same way for some rounds, and had nothing to say, is waited for by an epoll instance instead, until it has, or is asked for otherwise, or is not any more, or is
 * closed. So of the others each is asked as before, and nothing else is changed: level-triggered both.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "../preloaded/next.h"

/* Descriptors beyond are asked for as ever. */
#ifndef MOST
#define MOST (1 << 20)
#endif
/* As many as are waited for in the usual way are not worth the trouble. */
#ifndef FEW
#define FEW 64
#endif
/* Rounds of silence. */
#ifndef PATIENCE
#define PATIENCE 8
#endif
#define READY 64

/* poll(2) and epoll(7) have the same bits for these; what is asked for otherwise is left alone. */
#define KNOWN (POLLIN | POLLOUT | POLLPRI | POLLERR | POLLHUP)
_Static_assert(EPOLLIN == POLLIN && EPOLLOUT == POLLOUT && EPOLLPRI == POLLPRI && EPOLLERR == POLLERR && EPOLLHUP == POLLHUP, "epoll's bits are poll's");

/* Of a descriptor, as it was last asked for. */
struct asked {
    uint32_t round;
    uint32_t index; /* among what is asked for */
    short events;
    uint8_t silent; /* rounds */
    _Atomic bool parked;
};

static struct asked asked[MOST];
/* Of those in the epoll instance; each knows its place here by `places`. */
static int parked[MOST];
static uint32_t places[MOST];
static uint32_t count;
static uint32_t round_now;
static int idle = -1;
/* What is asked of the kernel, and where among what QEMU asks each is. */
static struct pollfd *direct;
static nfds_t *origins;
static nfds_t room;
static pthread_t main_thread;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int (*real_ppoll)(struct pollfd *, nfds_t, const struct timespec *, const sigset_t *);
static int (*real_close)(int);

__attribute__((constructor)) static void find_real(void)
{
    /* POSIX has function pointers and void pointers be of one form (dlsym(3)). */
    *(void **)&real_ppoll = next("ppoll");
    *(void **)&real_close = next("close");
    main_thread = pthread_self();
}

static void take_out(int fd)
{
    const int last = parked[--count];

    epoll_ctl(idle, EPOLL_CTL_DEL, fd, NULL);
    parked[places[fd]] = last;
    places[last] = places[fd];
    asked[fd].parked = false;
    asked[fd].silent = 0;
}

static void park(int fd)
{
    struct epoll_event event = {.events = (uint32_t)asked[fd].events, .data.fd = fd};

    if (epoll_ctl(idle, EPOLL_CTL_ADD, fd, &event) != 0) {
        asked[fd].silent = 0;
        return;
    }
    asked[fd].parked = true;
    places[fd] = count;
    parked[count++] = fd;
}

/* False where it is to be asked for directly. */
static bool is_left_to_epoll(const struct pollfd *wanted, nfds_t index, nfds_t *twice)
{
    const int fd = wanted->fd;

    *twice = index;
    if (fd < 0 || fd >= MOST || (wanted->events & ~KNOWN) != 0)
        return false;
    struct asked *const one = &asked[fd];
    if (one->round == round_now) {
        /* once more, and so for something else */
        if (one->parked) {
            *twice = one->index;
            take_out(fd);
        }
        one->silent = 0;
        return false;
    }
    one->round = round_now;
    one->index = (uint32_t)index;
    if (one->events != wanted->events) {
        if (one->parked)
            take_out(fd);
        one->events = wanted->events;
        one->silent = 0;
    }
    if (!one->parked && one->silent >= PATIENCE)
        park(fd);
    return one->parked;
}

static void ask_directly(const struct pollfd *wanted, nfds_t index, nfds_t *asking)
{
    direct[*asking] = wanted[index];
    origins[(*asking)++] = index;
}

/* How many are asked for directly. */
static nfds_t part(struct pollfd *wanted, nfds_t size)
{
    nfds_t asking = 0, twice;

    round_now++;
    for (nfds_t i = 0; i < size; i++) {
        wanted[i].revents = 0;
        if (is_left_to_epoll(&wanted[i], i, &twice))
            continue;
        if (twice != i)
            ask_directly(wanted, twice, &asking);
        ask_directly(wanted, i, &asking);
    }
    for (uint32_t i = count; i-- > 0;)
        if (asked[parked[i]].round != round_now)
            take_out(parked[i]);
    return asking;
}

/* How many of those in the epoll instance have something to say. */
static int hear_parked(struct pollfd *wanted)
{
    struct epoll_event heard[READY];
    const int got = epoll_wait(idle, heard, READY, 0);
    int told = 0;

    for (int i = 0; i < got; i++) {
        const int fd = heard[i].data.fd;
        /* closed meanwhile */
        if (!asked[fd].parked)
            continue;
        wanted[asked[fd].index].revents = (short)heard[i].events;
        take_out(fd);
        told++;
    }
    return told;
}

static void tell_direct(struct pollfd *wanted, nfds_t asking)
{
    for (nfds_t i = 0; i < asking; i++) {
        const int fd = direct[i].fd;
        wanted[origins[i]].revents = direct[i].revents;
        if (fd >= 0 && fd < MOST)
            asked[fd].silent = direct[i].revents == 0 ? (uint8_t)(asked[fd].silent + (asked[fd].silent < PATIENCE)) : 0;
    }
}

static bool has_room(nfds_t size)
{
    if (idle < 0 && (idle = epoll_create1(EPOLL_CLOEXEC)) < 0)
        return false;
    if (size + 1 <= room)
        return true;
    struct pollfd *const more = realloc(direct, 2 * size * sizeof(*direct));
    if (more != NULL)
        direct = more;
    nfds_t *const places_of = realloc(origins, 2 * size * sizeof(*origins));
    if (places_of != NULL)
        origins = places_of;
    if (more == NULL || places_of == NULL)
        return false;
    room = 2 * size;
    return true;
}

int ppoll(struct pollfd *wanted, nfds_t size, const struct timespec *timeout, const sigset_t *mask)
{
    /* the main loop's alone; the others wait for few */
    if (size < FEW || !pthread_equal(pthread_self(), main_thread) || !has_room(size))
        return real_ppoll(wanted, size, timeout, mask);
    pthread_mutex_lock(&lock);
    const nfds_t asking = part(wanted, size);
    pthread_mutex_unlock(&lock);
    direct[asking] = (struct pollfd){.fd = idle, .events = POLLIN};
    int told = real_ppoll(direct, asking + 1, timeout, mask);
    if (told < 0)
        return told;
    pthread_mutex_lock(&lock);
    tell_direct(wanted, asking);
    if (direct[asking].revents != 0)
        told += hear_parked(wanted) - 1;
    pthread_mutex_unlock(&lock);
    return told;
}

int close(int fd)
{
    if (fd >= 0 && fd < MOST && asked[fd].parked) {
        pthread_mutex_lock(&lock);
        if (asked[fd].parked)
            take_out(fd);
        pthread_mutex_unlock(&lock);
    }
    /* other libraries begin before this one */
    if (real_close == NULL)
        find_real();
    return real_close(fd);
}
