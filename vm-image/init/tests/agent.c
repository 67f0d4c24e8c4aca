/*
 * Plays the services of the supervision test. As `daemon` it is bulkheadd: it talks to PID 1 and ends with a failed CHECK, which shows as a missing phase, when
 * PID 1 does not keep the contract. Its first run ends by itself, to be restarted; its second asks for power-off.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

#define DEADLINE_MS 5000
#define HOST "/run/host"
#define MOUNTED "/run/docker/mounted"

static void ask(const char *line)
{
    CHECK(write(3, line, strlen(line)) == (ssize_t)strlen(line));
}

/* Reads the next line of descriptor `from`. */
static void read_line(int from, char *line, size_t size)
{
    struct pollfd wait = {.fd = from, .events = POLLIN};
    size_t used = 0;

    do {
        CHECK(used + 1 < size && poll(&wait, 1, DEADLINE_MS) == 1 && read(from, line + used, 1) == 1);
    } while (line[used++] != '\n');
    line[used - 1] = '\0';
}

static void expect(const char *expected)
{
    char line[512];

    read_line(3, line, sizeof(line));
    if (strcmp(line, expected) != 0)
        fprintf(stderr, "PID 1 said '%s' instead of '%s'\n", line, expected);
    CHECK(strcmp(line, expected) == 0);
}

static int expect_pid(const char *words)
{
    char line[512];

    read_line(3, line, sizeof(line));
    CHECK(strncmp(line, words, strlen(words)) == 0);
    return atoi(line + strlen(words));
}

static void expect_error(void)
{
    char line[512];

    read_line(3, line, sizeof(line));
    CHECK(strncmp(line, "error ", 6) == 0);
}

static void phase(const char *name)
{
    char line[64];

    snprintf(line, sizeof(line), "{\"phase\":\"%s\"}\n", name);
    CHECK(write(5, line, strlen(line)) > 0);
}

static mode_t mode_of(const char *path)
{
    struct stat status;

    CHECK(stat(path, &status) == 0);
    return status.st_mode & 07777;
}

static void check_surroundings(int count, char **arguments)
{
    char line[64];
    int listening;
    socklen_t size = sizeof(listening);

    CHECK(count == 6 && strcmp(arguments[2], "--mode") == 0 && strcmp(arguments[3], "native") == 0 && strcmp(arguments[4], "--host-dir") == 0 &&
          strcmp(arguments[5], HOST) == 0);
    CHECK(getsid(0) == getpid() && strcmp(getenv("TEST"), "1") == 0 && getenv("HOME") == NULL);
    CHECK(getsockopt(4, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) == 0 && listening == 1);
    CHECK(fcntl(6, F_GETFD) >= 0 && fcntl(7, F_GETFD) >= 0);
    for (int other = 8; other < 256; other++)
        CHECK(fcntl(other, F_GETFD) < 0 && errno == EBADF);
    CHECK(mode_of("/run/bulkhead") == 0711 && mode_of("/run/bulkhead/engine") == 0700 &&
          mode_of("/run/bulkhead/rootfs") == 0711 && mode_of("/run/bulkhead/stage") == 0711 && mode_of("/run/bulkhead/ids") == 0700 &&
          mode_of("/run/bulkhead/runtime.sock") == 0600);
    int config = open("/run/bulkhead/engine/dockerd.json", O_RDONLY | O_CLOEXEC);
    CHECK(config >= 0 && read(config, line, sizeof(line)) == 3 && memcmp(line, "{}\n", 3) == 0 && close(config) == 0);
    CHECK(mode_of("/run/bulkhead/engine/dockerd.json") == 0600);
    read_line(6, line, sizeof(line));
    CHECK(strcmp(line, "stubborn") == 0);
    read_line(7, line, sizeof(line));
    CHECK(strcmp(line, "obedient") == 0);
    CHECK(access(MOUNTED "/seen", F_OK) == 0 && mkdir("/run/bulkhead/engine/free", 0700) == 0 && rmdir("/run/bulkhead/engine/free") == 0);
}

/*
 * dockerd may write /run/docker alone, and what it mounts there is seen by all, and by the next one. A failed CHECK ends it before it has
 * said its name, so the daemon waits in vain.
 */
static void check_own_view(void)
{
    CHECK(mkdir("/run/bulkhead/engine/held", 0700) != 0 && errno == EROFS);
    CHECK(mkdir("/tmp/held", 0700) != 0 && errno == EROFS);
    if (mkdir(MOUNTED, 0700) == 0)
        CHECK(mount("tmpfs", MOUNTED, "tmpfs", 0, NULL) == 0 && mkdir(MOUNTED "/seen", 0700) == 0);
    CHECK(access(MOUNTED "/seen", F_OK) == 0);
}

static void first_run(void)
{
    char line[512], name[64];

    ask("li");
    ask("st\n");
    int containerd = expect_pid("running containerd ");
    int dockerd = expect_pid("running dockerd ");
    ask("signal dockerd 15\n");
    snprintf(line, sizeof(line), "exited dockerd %d signal 15", dockerd);
    expect(line);
    ask("list\nstart dockerd\n");
    expect_pid("running containerd ");
    expect("stopped dockerd");
    dockerd = expect_pid("running dockerd ");
    CHECK(kill(dockerd, 0) == 0);
    ask("start dockerd\n");
    expect_error();
    ask("signal bulkheadd 9\n");
    expect_error();
    ask("nonsense\n");
    expect_error();
    memset(line, 'x', sizeof(line));
    line[sizeof(line) - 1] = '\0';
    ask(line);
    ask("\n");
    expect("error line too long");
    snprintf(name, sizeof(name), "%d %d", containerd, dockerd);
    CHECK(symlink(name, HOST "/pids") == 0);
    phase("first-done");
}

static void check_runtime_socket(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "/run/bulkhead/runtime.sock"};
    int front_door = socket(AF_UNIX, SOCK_STREAM, 0);

    CHECK(connect(front_door, (struct sockaddr *)&address, sizeof(address)) == 0);
    int accepted = accept(4, NULL, NULL);
    CHECK(accepted >= 0 && close(accepted) == 0 && close(front_door) == 0);
}

/* A grandchild whose parent is gone becomes PID 1's, which must take it away when it ends. */
static void check_orphan(void)
{
    int report[2];
    pid_t orphan = 0;

    CHECK(pipe(report) == 0);
    pid_t middle = fork();
    if (middle == 0) {
        orphan = fork();
        if (orphan != 0)
            CHECK(write(report[1], &orphan, sizeof(orphan)) == (ssize_t)sizeof(orphan));
        _exit(0);
    }
    CHECK(waitpid(middle, NULL, 0) == middle && read(report[0], &orphan, sizeof(orphan)) == (ssize_t)sizeof(orphan));
    for (int left = DEADLINE_MS / 10; kill(orphan, 0) == 0; left--) {
        CHECK(left > 0);
        poll(NULL, 0, 10);
    }
    CHECK(errno == ESRCH);
}

static void second_run(const char *pids)
{
    int containerd, dockerd;

    CHECK(sscanf(pids, "%d %d", &containerd, &dockerd) == 2);
    ask("list\n");
    CHECK(expect_pid("running containerd ") == containerd);
    CHECK(expect_pid("running dockerd ") == dockerd);
    check_runtime_socket();
    check_orphan();
    ask("sync\n"); /* begun, not answered */
    ask("trim\n");
    expect("trim-failed"); /* there is no data disk here */
    phase("second-done");
    ask("power-off\n");
}

static _Noreturn void wait_for_signal(void)
{
    for (;;)
        pause();
}

/* Waits for SIGTERM. What dies of it leaves the rest to PID 1; the orderly one still has its services then, and asks for power-off itself. */
static _Noreturn void wait_for_the_end(bool orderly)
{
    char line[64];
    sigset_t term;
    int number;

    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    sigprocmask(SIG_BLOCK, &term, NULL);
    /* once it has spoken, the stubborn service ignores SIGTERM */
    read_line(6, line, sizeof(line));
    phase("waiting");
    if (!orderly)
        sigprocmask(SIG_UNBLOCK, &term, NULL);
    CHECK(sigwait(&term, &number) == 0);
    ask("list\n");
    expect_pid("running containerd ");
    expect_pid("running dockerd ");
    phase("told");
    ask("power-off\n");
    wait_for_signal();
}

int main(int count, char **arguments)
{
    char pids[64];

    CHECK(count >= 2);
    if (strcmp(arguments[1], "daemon") != 0) {
        if (strcmp(arguments[1], "stubborn") == 0)
            signal(SIGTERM, SIG_IGN);
        else
            check_own_view();
        puts(arguments[1]);
        fflush(stdout);
        wait_for_signal();
    }
    ssize_t length = readlink(HOST "/role", pids, sizeof(pids) - 1);
    if (length > 0)
        wait_for_the_end(strncmp(pids, "orderly", (size_t)length) == 0);
    length = readlink(HOST "/pids", pids, sizeof(pids) - 1);
    if (length < 0) {
        check_surroundings(count, arguments);
        first_run();
        return 3;
    }
    pids[length] = '\0';
    second_run(pids);
    wait_for_signal();
}
