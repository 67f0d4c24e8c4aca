#include "link.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "connection.h"
#include "control.h"
#include "names.h"

/* A gateway that is stopped, or busy for so long, is none. */
#ifndef HANG_MS
#define HANG_MS 10000
#endif
#define PING_MS 1000

/* Half of it is for what has been begun, of which the gateway must be told. */
#define OUT_SIZE (4U << 20)
#define IN_SIZE 65536U

static int gateway = -1;
static char out[OUT_SIZE];
static size_t out_begin, out_end;
static char in[IN_SIZE];
static size_t in_length;
static bool waits_to_write;
static bool to_cut;
static uint64_t pings;
static int64_t asked_at; /* of the first ping that was not answered; 0: all were */

bool link_is_up(void)
{
    return gateway >= 0 && !to_cut;
}

bool link_begin(int descriptor)
{
    if (gateway >= 0 || !watch_otherwise(descriptor, EPOLLIN, AT_LINK, 0))
        return false;
    gateway = descriptor;
    out_begin = out_end = in_length = 0;
    waits_to_write = to_cut = false;
    asked_at = 0;
    control_hello();
    return true;
}

void link_cut(void)
{
    if (gateway < 0)
        return;
    close(gateway);
    gateway = -1;
    connections_cut_all();
    names_forget_all();
}

bool link_has_room(void)
{
    return OUT_SIZE - (out_end - out_begin) > OUT_SIZE / 2;
}

/* It is not cut here, amid what is done with a connection. */
void link_write(const void *bytes, size_t length)
{
    if (gateway < 0 || to_cut)
        return;
    if (length > OUT_SIZE - out_end && out_begin > 0) {
        memmove(out, out + out_begin, out_end - out_begin);
        out_end -= out_begin;
        out_begin = 0;
    }
    if (length > OUT_SIZE - out_end) {
        to_cut = true;
        return;
    }
    memcpy(out + out_end, bytes, length);
    out_end += length;
}

void link_flush(void)
{
    if (gateway >= 0 && !to_cut && out_begin < out_end) {
        const ssize_t sent = send(gateway, out + out_begin, out_end - out_begin, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent > 0)
            out_begin += (size_t)sent;
        else if (errno != EAGAIN && errno != EINTR)
            to_cut = true;
        if (out_begin == out_end)
            out_begin = out_end = 0;
    }
    if (to_cut) {
        link_cut();
        return;
    }
    const bool waits = out_begin < out_end;
    if (gateway >= 0 && waits != waits_to_write) {
        watch_otherwise(gateway, EPOLLIN | (waits ? EPOLLOUT : 0), AT_LINK, 0);
        waits_to_write = waits;
    }
}

void link_event(uint32_t events)
{
    if (gateway < 0 || (events & ~(uint32_t)EPOLLOUT) == 0)
        return;
    const ssize_t got = recv(gateway, in + in_length, sizeof(in) - in_length, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0) {
        to_cut = true;
        return;
    }
    in_length += (size_t)got;
    size_t used = 0;
    while (used < in_length) {
        const long taken = control_take(in + used, in_length - used);
        if (taken < 0)
            to_cut = true;
        if (taken <= 0)
            break;
        used += (size_t)taken;
    }
    memmove(in, in + used, in_length - used);
    in_length -= used;
    /* what fills all this is no message */
    if (in_length == sizeof(in))
        to_cut = true;
}

void link_alive(uint64_t number)
{
    if (number == pings)
        asked_at = 0;
}

void link_look(int64_t now)
{
    static int64_t last;

    if (gateway < 0)
        return;
    if (asked_at != 0 && now - asked_at >= HANG_MS) {
        link_cut();
        return;
    }
    if (asked_at == 0 && now - last >= PING_MS) {
        asked_at = last = now;
        control_ping(++pings);
    }
}
