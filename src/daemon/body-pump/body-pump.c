/*
 * Moves one large body from one socket to another, in the kernel (splice(2) through a pipe; Linux >= 6.5 copies nothing between AF_UNIX
 * sockets), in the place of bulkheadd, to which reading and writing each byte costs a tenth of the speed of `docker save`.
 *
 * usage: body-pump, with the source as descriptor 3, the destination as 4, both non-blocking (they share that with bulkheadd, which waits).
 * Once bulkheadd has written all it had read, it says on standard input, in one line, where the source is: `counted LEFT`, LEFT bytes before
 * the end of the body; or, of a body in chunks (RFC 9112 section 7.1), `content LEFT`, before that many bytes of a chunk, `end` behind them,
 * `written-end` likewise where the destination has been sent the CRLF that comes now, or `size` before the size of the next chunk.
 *
 * It judges nothing. Of framing it takes one form, that of src/gate/http/body-reader.ts, and writes its own: what is there of several chunks
 * becomes one, because docker's client sends 32 KiB a time and each costs dockerd two reads. Whatever else comes, the last chunk included, it
 * leaves unread in the socket for bulkheadd. Its exit status says where it stopped.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* src/daemon/gate/body-pumps.ts has the same numbers. */
enum end {
    END_DONE = 0,          /* counted: all of it */
    END_OF_CONTENT = 10,   /* behind the content of a chunk, at both sides; what comes is not CRLF, or not all of it is there */
    END_BEFORE_SIZE = 11,  /* behind that CRLF, at both sides; what comes is no size line of the one form, or not all of it is there */
    END_SOURCE = 12,       /* the source has ended or was cut */
    END_DESTINATION = 13,  /* nobody takes it any more */
    END_FAILED = 14,
    END_UNCHANGED = 15,    /* nothing was moved */
};

#define SOURCE 3
#define DESTINATION 4
/* Four times what a unix socket holds (net.core.wmem_default). */
#define PIPE_SIZE (1 << 20)
/* Is passed on before more is taken. */
#define BATCH (128 * 1024)
/* Less waits this long for more: dockerd writes a chunk in three pieces, and each that is passed on by itself wakes its reader. */
#define LITTLE (64 * 1024)
#define GATHER_MS 1
/* Of a size line: 4 GiB less one byte need eight digits. */
#define MOST_DIGITS 8
#define SIZE_LINE (MOST_DIGITS + 2)
#define CRLF 2

static int ends[2];
/* Content alone. */
static size_t in_pipe;
/* What is in the pipe becomes a chunk of our own. */
static bool own_chunks;
/* The destination has a chunk that wants its CRLF. It gets that with the next size, or before this program waits, if it may. */
static bool chunk_open;
/* Not where the source has said all of a chunk but its end: what comes may be something else, and bulkheadd's to refuse. */
static bool may_end;
/* More has come since less than LITTLE waited for it. That the pipe takes no more of it, being full of small pieces, looks the same. */
static bool more_came;
/*
 * The source was waited for, and nothing has come of it since. Threat: behind an out-of-band byte (MSG_OOB) a unix socket is readable and gives
 * nothing, for ever; who sends one keeps a processor busy. No client does but for that.
 */
static bool said_ready;

_Noreturn static void finish(enum end end)
{
    _exit((int)end);
}

/* Until `fd` is ready, which it says, or there was a signal; a destination that has gone is noticed meanwhile. */
static bool wait_for(int fd, short events)
{
    struct pollfd polled[] = {{.fd = fd, .events = events}, {.fd = DESTINATION}};

    if (poll(polled, 2, -1) < 0) {
        if (errno != EINTR)
            finish(END_FAILED);
        return false;
    }
    if (fd != DESTINATION && (polled[1].revents & (POLLHUP | POLLERR)) != 0)
        finish(END_DESTINATION);
    return polled[0].revents != 0;
}

/* A destination that takes nothing now is waited for. */
static void after_failed_write(void)
{
    if (errno == EAGAIN)
        wait_for(DESTINATION, POLLOUT);
    else if (errno == EPIPE || errno == ECONNRESET)
        finish(END_DESTINATION);
    else if (errno != EINTR)
        finish(END_FAILED);
}

static void send_framing(const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t sent = send(DESTINATION, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent < 0) {
            after_failed_write();
            continue;
        }
        bytes += sent;
        length -= (size_t)sent;
    }
}

static void send_size(void)
{
    char line[CRLF + 2 * sizeof(in_pipe) + CRLF + 1];

    send_framing(line, (size_t)snprintf(line, sizeof(line), "%s%zx\r\n", chunk_open ? "\r\n" : "", in_pipe));
    chunk_open = true;
}

/* What is in the pipe, to the destination. */
static void drain(void)
{
    more_came = false;
    if (own_chunks && in_pipe > 0)
        send_size();
    while (in_pipe > 0) {
        ssize_t moved = splice(ends[0], NULL, DESTINATION, NULL, in_pipe, 0);
        if (moved > 0)
            in_pipe -= (size_t)moved;
        else if (moved < 0)
            after_failed_write();
        else
            finish(END_FAILED);
    }
}

static void end_open_chunk(void)
{
    if (!chunk_open || !may_end)
        return;
    send_framing("\r\n", CRLF);
    chunk_open = false;
}

/* The source had nothing to give, or the pipe no room. */
static void make_progress(void)
{
    struct pollfd source = {.fd = SOURCE, .events = POLLIN};

    if (in_pipe == 0) {
        if (said_ready)
            finish(END_SOURCE);
        end_open_chunk();
        said_ready = wait_for(SOURCE, POLLIN);
    } else if (in_pipe >= LITTLE || more_came || poll(&source, 1, GATHER_MS) <= 0)
        drain();
    else
        more_came = true;
}

/* A read of the source that gave nothing. */
static void without_bytes(ssize_t got)
{
    if (got == 0 || errno == ECONNRESET) {
        drain();
        finish(END_SOURCE);
    }
    if (errno == EAGAIN)
        make_progress();
    else if (errno != EINTR)
        finish(END_FAILED);
}

static void move_content(uint64_t left)
{
    while (left > 0) {
        ssize_t moved = splice(SOURCE, NULL, ends[1], NULL, left < PIPE_SIZE ? (size_t)left : PIPE_SIZE, SPLICE_F_NONBLOCK);
        if (moved <= 0) {
            without_bytes(moved);
            continue;
        }
        more_came = false;
        said_ready = false;
        left -= (uint64_t)moved;
        in_pipe += (size_t)moved;
        if (in_pipe >= BATCH)
            drain();
    }
}

static size_t peek(char *bytes, size_t most)
{
    for (;;) {
        ssize_t got = recv(SOURCE, bytes, most, MSG_PEEK | MSG_DONTWAIT);
        if (got > 0) {
            said_ready = false;
            return (size_t)got;
        }
        without_bytes(got);
    }
}

/* What was peeked at. */
static void take(size_t length)
{
    char bytes[CRLF + SIZE_LINE];

    if (recv(SOURCE, bytes, length, MSG_DONTWAIT) != (ssize_t)length)
        finish(END_FAILED);
}

static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Bytes of the size line at the beginning of so many; 0 when it is another form, not whole, or that of the last chunk. */
static size_t size_line(const char *bytes, size_t length, uint64_t *size)
{
    size_t at = 0;

    *size = 0;
    for (; at < length && at < MOST_DIGITS && digit(bytes[at]) >= 0; at++)
        *size = *size * 16 + (uint64_t)digit(bytes[at]);
    bool whole = at > 0 && at + 2 <= length && bytes[at] == '\r' && bytes[at + 1] == '\n';
    return whole && *size > 0 ? at + 2 : 0;
}

_Noreturn static void stop_at(enum end end)
{
    drain();
    finish(end);
}

/* The size line of a chunk; returns the size. */
static uint64_t begin_chunk(void)
{
    char bytes[SIZE_LINE];
    uint64_t size;
    size_t length = size_line(bytes, peek(bytes, sizeof(bytes)), &size);

    if (length == 0) {
        drain();
        end_open_chunk();
        finish(END_BEFORE_SIZE);
    }
    take(length);
    return size;
}

/*
 * From the end of the content of a chunk to the content of the next, of which it returns the size.
 *
 * unless: where it has stopped if the source does not go on with CRLF.
 */
static uint64_t next_chunk(enum end unless)
{
    char bytes[CRLF + SIZE_LINE];
    uint64_t size;
    size_t got = peek(bytes, sizeof(bytes));

    if (got < CRLF || bytes[0] != '\r' || bytes[1] != '\n')
        stop_at(unless);
    may_end = true;
    size_t length = size_line(bytes + CRLF, got - CRLF, &size);
    take(CRLF + length);
    return length > 0 ? size : begin_chunk();
}

_Noreturn static void move_chunks(uint64_t size)
{
    own_chunks = true;
    for (;;) {
        may_end = true;
        move_content(size);
        may_end = false;
        size = next_chunk(END_OF_CONTENT);
    }
}

/* It needs no right at all: both sockets are open. bulkheadd ends it with SIGKILL, also by ending itself. */
static bool drop_rights(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {0};

    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && syscall(SYS_capset, &header, none) == 0 &&
           prctl(PR_SET_PDEATHSIG, SIGKILL) == 0;
}

/* Woken for a write, it would otherwise take the processor from dockerd, which is not done writing. Without it all is as well, and slower. */
static void yield_to_writers(void)
{
    sched_setscheduler(0, SCHED_BATCH, &(struct sched_param){0});
}

int main(void)
{
    char line[64] = "", newline;
    uint64_t left;

    signal(SIGPIPE, SIG_IGN); /* splice(2) says it */
    close_range(DESTINATION + 1, ~0U, 0);
    if (!drop_rights() || pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
        return END_FAILED;
    fcntl(ends[1], F_SETPIPE_SZ, PIPE_SIZE); /* a smaller one does as well */
    yield_to_writers();
    if (fgets(line, sizeof(line), stdin) == NULL)
        return END_UNCHANGED;
    if (sscanf(line, "counted %" SCNu64 "%c", &left, &newline) == 2 && newline == '\n') {
        move_content(left);
        stop_at(END_DONE);
    }
    if (sscanf(line, "content %" SCNu64 "%c", &left, &newline) == 2 && newline == '\n') {
        chunk_open = true;
        move_content(left);
        drain();
        move_chunks(next_chunk(END_OF_CONTENT));
    }
    if (strcmp(line, "end\n") == 0) {
        chunk_open = true;
        move_chunks(next_chunk(END_OF_CONTENT));
    }
    if (strcmp(line, "written-end\n") == 0)
        move_chunks(next_chunk(END_UNCHANGED));
    if (strcmp(line, "size\n") != 0)
        return END_FAILED;
    may_end = true;
    move_chunks(begin_chunk());
}
