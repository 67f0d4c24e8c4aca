/*
 * Listens on the Docker socket of one container and joins each connection with one to bulkheadd. A process of its own, because the socket
 * is bound in the container by its inode: one that bulkheadd listened on itself would be dead for ever after bulkheadd was started again.
 *
 * usage: socket-relay DIRECTORY
 *
 * In DIRECTORY, where nobody but root gets, it makes `docker.sock`, and bulkheadd listens on `gate`. It writes a line to its standard output
 * when connections are taken. It knows nothing of what is said, and ends when bulkheadd kills it; its connections end with it.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Two processes each. A container that opens more waits, and nobody else. */
#define MOST_CONNECTIONS 256
/* While bulkheadd is started again: under TCG that takes 10 s. */
#define TRIES 300
#define PAUSE_MS 100
/* As long as the gate itself. */
#define LINGER_MS 5000

static int make_socket(const char *name, struct sockaddr_un *address)
{
    address->sun_family = AF_UNIX;
    strcpy(address->sun_path, name);
    return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static int listen_on(const char *name)
{
    struct sockaddr_un address = {0};
    int listener = make_socket(name, &address);

    /* Root of the container, to whom the id-mapped mount makes it belong, and its group. */
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof(address)) < 0 || chmod(name, 0660) < 0 ||
        listen(listener, MOST_CONNECTIONS) < 0)
        return -1;
    return listener;
}

static void wait_a_little(void)
{
    struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000L};

    nanosleep(&pause, NULL);
}

/* Of accept(2): what is over later, and is no fault of the socket. The whole VM may be short of files or memory, and the container keeps its socket. */
static bool is_shortage(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

static int reach(const char *name)
{
    struct sockaddr_un address = {0};

    for (int attempt = 0; attempt < TRIES; attempt++) {
        int gate = make_socket(name, &address);
        if (gate < 0)
            return -1;
        if (connect(gate, (struct sockaddr *)&address, sizeof(address)) == 0)
            return gate;
        close(gate);
        if (errno != ECONNREFUSED && errno != ENOENT)
            return -1;
        wait_a_little();
    }
    return -1;
}

static bool write_all(int to, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t written = write(to, bytes, length);
        if (written < 0 && errno != EINTR)
            return false;
        if (written > 0) {
            bytes += written;
            length -= (size_t)written;
        }
    }
    return true;
}

/*
 * One direction, to its end. The other one is left alone: what is on its way there still arrives.
 *
 * linger: milliseconds for which what still comes is read once nobody takes it. A socket that is closed with bytes unread makes the other side's
 * next read fail, and a client is to read what it was told last.
 */
static void pump(int from, int to, int linger)
{
    static char bytes[64 * 1024];
    struct pollfd ends[] = {{.fd = from, .events = POLLIN}, {.fd = to}};
    bool taken = true;

    for (;;) {
        int ready = poll(ends, 2, taken ? -1 : linger);
        if (ready < 0 && errno == EINTR)
            continue;
        if (ready <= 0)
            break;
        if ((ends[1].revents & (POLLHUP | POLLERR)) != 0) {
            taken = false;
            ends[1].fd = -1;
            if (linger == 0)
                break;
        }
        if (ends[0].revents == 0)
            continue;
        ssize_t got = read(from, bytes, sizeof(bytes));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        if (taken && !write_all(to, bytes, (size_t)got)) {
            taken = false;
            if (linger == 0)
                break;
        }
    }
    shutdown(to, SHUT_WR);
    shutdown(from, SHUT_RD);
}

static void serve(int client, pid_t relay)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != relay)
        return;
    int gate = reach("gate");
    if (gate < 0)
        return;
    pid_t self = getpid();
    pid_t other = fork();
    if (other < 0)
        return;
    if (other == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() == self)
            pump(gate, client, 0);
        return;
    }
    pump(client, gate, LINGER_MS);
    waitpid(other, NULL, 0);
}

int main(int count, char **arguments)
{
    int connections = 0;
    pid_t self = getpid();

    signal(SIGPIPE, SIG_IGN); /* write(2) says it */
    close_range(STDERR_FILENO + 1, ~0U, 0);
    int listener = count == 2 && chdir(arguments[1]) == 0 ? listen_on("docker.sock") : -1;
    if (listener < 0 || write(STDOUT_FILENO, "ready\n", 6) != 6) {
        fprintf(stderr, "socket-relay: cannot start: %s\n", strerror(errno));
        return EXIT_FAILURE;
    }
    int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (nothing < 0 || dup2(nothing, STDOUT_FILENO) < 0 || dup2(nothing, STDERR_FILENO) < 0)
        return EXIT_FAILURE;
    for (;;) {
        while (connections > 0 && waitpid(-1, NULL, connections < MOST_CONNECTIONS ? WNOHANG : 0) > 0)
            connections--;
        int client = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        if (client < 0) {
            if (errno == EINTR || errno == ECONNABORTED)
                continue;
            if (is_shortage(errno)) {
                wait_a_little();
                continue;
            }
            return EXIT_FAILURE;
        }
        pid_t child = fork();
        if (child == 0) {
            close(listener);
            serve(client, self);
            _exit(EXIT_SUCCESS);
        }
        if (child > 0)
            connections++;
        close(client);
    }
}
