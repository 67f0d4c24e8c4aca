/*
 * Takes the connections containers make to the ssh agent's socket and joins each with one to bulkheadd, on which it says first who asks: the user id of the process that
 * connected, four bytes, the highest first, as a message like those that follow. A process of its own, because Node does not tell a socket's other end (SO_PEERCRED).
 *
 * usage: agent-relay GATE 3<LISTENER
 *
 * It knows nothing of what is said, decides nothing and ends with bulkheadd, which listens on GATE, where nobody but root gets.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define LISTENER 3
/* More than bulkheadd leaves open: those too many are here until it has closed them. */
#define MOST_CONNECTIONS 256
#define PAUSE_MS 100

/* One direction. Read only when all before has been written: at its end nothing is left over. */
struct way {
    int from, to;
    bool ended;
    size_t length, written;
    uint8_t bytes[4096];
};

struct connection {
    bool taken;
    struct way request, answer;
};

enum outcome { GOES_ON, ENDED, BROKEN };

static struct connection connections[MOST_CONNECTIONS];

static bool is_for_later(void)
{
    return errno == EAGAIN || errno == EINTR;
}

static enum outcome move(struct way *way)
{
    if (way->length == 0) {
        ssize_t got = recv(way->from, way->bytes, sizeof(way->bytes), 0);
        if (got <= 0)
            return got == 0 ? ENDED : is_for_later() ? GOES_ON : BROKEN;
        way->length = (size_t)got;
        way->written = 0;
    }
    ssize_t sent = send(way->to, way->bytes + way->written, way->length - way->written, MSG_NOSIGNAL);
    if (sent < 0)
        return is_for_later() ? GOES_ON : BROKEN;
    way->written += (size_t)sent;
    if (way->written == way->length)
        way->length = 0;
    return GOES_ON;
}

static void end_connection(struct connection *connection)
{
    close(connection->request.from);
    close(connection->request.to);
    connection->taken = false;
}

/* bulkheadd has closed it. What of its answer is on the way is still handed on, as far as the container takes it now: who does not read is not to keep a place here. */
static void hand_on_rest(struct way *answer)
{
    while (move(answer) == GOES_ON && answer->length == 0)
        ;
}

static void serve(struct connection *connection, short client, short gate)
{
    struct way *request = &connection->request, *answer = &connection->answer;

    if ((gate & (POLLHUP | POLLERR)) != 0) {
        hand_on_rest(answer);
        end_connection(connection);
        return;
    }
    /* Nobody is there any more to be answered. */
    if ((client & (POLLHUP | POLLERR)) != 0) {
        end_connection(connection);
        return;
    }
    if ((gate & POLLIN) != 0 || (client & POLLOUT) != 0) {
        if (move(answer) != GOES_ON) {
            end_connection(connection);
            return;
        }
    }
    if ((client & POLLIN) != 0 || (gate & POLLOUT) != 0) {
        switch (move(request)) {
        case GOES_ON:
            break;
        case ENDED:
            request->ended = true;
            shutdown(request->to, SHUT_WR);
            break;
        case BROKEN:
            end_connection(connection);
            break;
        }
    }
}

static int reach(const struct sockaddr_un *address, uid_t caller)
{
    const uint8_t id[] = {0, 0, 0, sizeof(caller), (uint8_t)(caller >> 24), (uint8_t)(caller >> 16), (uint8_t)(caller >> 8), (uint8_t)caller};
    int gate = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (gate < 0)
        return -1;
    if (connect(gate, (const struct sockaddr *)address, sizeof(*address)) < 0 || send(gate, id, sizeof(id), MSG_NOSIGNAL) != sizeof(id)) {
        close(gate);
        return -1;
    }
    return gate;
}

/* Who connected when nobody listens at the gate is told at once that there is no agent. */
static void begin(struct connection *connection, int client, const struct sockaddr_un *address)
{
    struct ucred peer;
    socklen_t length = sizeof(peer);
    int gate = getsockopt(client, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0 ? reach(address, peer.uid) : -1;

    if (gate < 0) {
        close(client);
        return;
    }
    *connection = (struct connection){.taken = true, .request = {.from = client, .to = gate}, .answer = {.from = gate, .to = client}};
}

static struct connection *free_place(void)
{
    for (size_t i = 0; i < MOST_CONNECTIONS; i++)
        if (!connections[i].taken)
            return &connections[i];
    return NULL;
}

/* False when the listener is of no use any more. */
static bool take(const struct sockaddr_un *address)
{
    int client = accept4(LISTENER, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

    if (client >= 0) {
        begin(free_place(), client, address);
        return true;
    }
    /* The whole VM may be short of files or memory, and containers keep their socket. */
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
        struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000L};
        nanosleep(&pause, NULL);
        return true;
    }
    return is_for_later() || errno == ECONNABORTED;
}

static short wanted(const struct way *in, const struct way *out)
{
    return (short)((in->length == 0 && !in->ended ? POLLIN : 0) | (out->length > 0 ? POLLOUT : 0));
}

static bool serve_all(const struct sockaddr_un *address)
{
    static struct pollfd polled[1 + 2 * MOST_CONNECTIONS];

    polled[0] = (struct pollfd){.fd = free_place() == NULL ? -1 : LISTENER, .events = POLLIN};
    for (size_t i = 0; i < MOST_CONNECTIONS; i++) {
        const struct connection *one = &connections[i];
        polled[1 + 2 * i] = (struct pollfd){.fd = one->taken ? one->request.from : -1, .events = wanted(&one->request, &one->answer)};
        polled[2 + 2 * i] = (struct pollfd){.fd = one->taken ? one->request.to : -1, .events = wanted(&one->answer, &one->request)};
    }
    if (poll(polled, sizeof(polled) / sizeof(polled[0]), -1) < 0)
        return errno == EINTR;
    for (size_t i = 0; i < MOST_CONNECTIONS; i++)
        if (connections[i].taken)
            serve(&connections[i], polled[1 + 2 * i].revents, polled[2 + 2 * i].revents);
    return polled[0].revents == 0 || take(address);
}

int main(int count, char **arguments)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    close_range(LISTENER + 1, ~0U, 0);
    /* bulkheadd was gone before it could be said that this is to end with it. */
    if (getppid() == 1)
        return EXIT_FAILURE;
    if (count != 2 || strlen(arguments[1]) >= sizeof(address.sun_path) || fcntl(LISTENER, F_SETFL, O_NONBLOCK) < 0) {
        fprintf(stderr, "usage: agent-relay GATE 3<LISTENER\n");
        return EXIT_FAILURE;
    }
    strcpy(address.sun_path, arguments[1]);
    while (serve_all(&address))
        ;
    fprintf(stderr, "agent-relay: %s\n", strerror(errno));
    return EXIT_FAILURE;
}
