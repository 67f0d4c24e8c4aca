/*
 * Runs `init --native` as PID 1 of a PID namespace with the agent as its services, once to the power-off that the agent asks for, and to SIGTERM
 * with an agent that dies of it and with one that asks for power-off then.
 * usage: supervision INIT AGENT (as root)
 */
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "check.h"

#define DEADLINE_MS 30000

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void bind_file(const char *source, const char *target)
{
    int file = open(target, O_WRONLY | O_CREAT | O_CLOEXEC, 0700);

    CHECK(file >= 0 && close(file) == 0 && mount(source, target, NULL, MS_BIND, NULL) == 0);
}

static _Noreturn void become_init(const char *init, const char *agent, const char *role, int phases)
{
    CHECK(unshare(CLONE_NEWNS | CLONE_NEWNET) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
    /* opened before /tmp and /run are covered */
    int program = open(init, O_PATH | O_CLOEXEC);
    CHECK(program >= 0 && mount("proc", "/proc", "proc", 0, NULL) == 0);
    CHECK(mount("tmpfs", "/mnt", "tmpfs", 0, NULL) == 0);
    CHECK(mount("tmpfs", "/var/lib", "tmpfs", 0, NULL) == 0);
    CHECK(mkdir("/var/lib/docker", 0710) == 0 && mount("/var/lib/docker", "/var/lib/docker", NULL, MS_BIND, NULL) == 0);
    CHECK(mkdir("/var/lib/containerd", 0700) == 0 && mount("/var/lib/containerd", "/var/lib/containerd", NULL, MS_BIND, NULL) == 0);
    bind_file(agent, "/mnt/agent");
    int config = open("/mnt/engine.json", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    CHECK(config >= 0 && write(config, "{}\n", 3) == 3 && close(config) == 0);
    CHECK(mkdir("/mnt/host", 0700) == 0 && (role == NULL || symlink(role, "/mnt/host/role") == 0) && mount("/mnt", "/run", NULL, MS_BIND | MS_REC, NULL) == 0);
    CHECK(dup2(phases, 3) == 3);
    char *const arguments[] = {"init", "--native", "--phase-fd", "3", "--host-dir", "/run/host", NULL};
    char *const environment[] = {NULL};
    fexecve(program, arguments, environment);
    CHECK(!"init was executed");
    _exit(1);
}

static void expect_phase(int phases, int64_t deadline, const char *name)
{
    char line[256] = "", expected[64];
    size_t used = 0;

    snprintf(expected, sizeof(expected), "{\"phase\":\"%s\"", name);
    do {
        struct pollfd wait = {.fd = phases, .events = POLLIN};
        if (used + 1 >= sizeof(line) || poll(&wait, 1, (int)(deadline - now_ms())) != 1 || read(phases, line + used, 1) != 1) {
            fprintf(stderr, "no phase %s; last: %s\n", name, line);
            CHECK(!"the phase was reported in time");
        }
    } while (line[used++] != '\n');
    if (strncmp(line, expected, strlen(expected)) != 0)
        fprintf(stderr, "phase %s expected, got %s", name, line);
    CHECK(strncmp(line, expected, strlen(expected)) == 0);
}

static int64_t scenario(const char *init, const char *agent, const char *role, const char *const *expected)
{
    int phases[2], status;
    int64_t deadline = now_ms() + DEADLINE_MS, stopping = 0;

    CHECK(pipe(phases) == 0 && unshare(CLONE_NEWPID) == 0);
    pid_t pid = fork();
    if (pid == 0)
        become_init(init, agent, role, phases[1]);
    close(phases[1]);
    for (const char *const *name = expected; *name != NULL; name++) {
        expect_phase(phases[0], deadline, *name);
        if (strcmp(*name, "waiting") == 0)
            CHECK(kill(pid, SIGTERM) == 0);
        stopping = now_ms();
    }
    CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0);
    CHECK(read(phases[0], &status, 1) == 0);
    close(phases[0]);
    return now_ms() - stopping;
}

/* unshare(2) of the PID namespace works once in a process: each scenario has its own. */
static void run(const char *init, const char *agent, const char *role, const char *const *expected)
{
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        int64_t took = scenario(init, agent, role, expected);
        /* the stubborn service is killed after 2 s, not before and not much later */
        CHECK(took >= 1500 && took < 6000);
        _exit(EXIT_SUCCESS); /* without the leak check, which cannot fork where the PID namespace has ended */
    }
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
}

int main(int count, char **arguments)
{
    static const char *const FULL[] = {"init", "services-started", "first-done", "second-done", NULL};
    static const char *const TERMINATED[] = {"init", "services-started", "waiting", "powering-off", NULL};
    static const char *const ORDERLY[] = {"init", "services-started", "waiting", "told", NULL};
    char init[PATH_MAX], agent[PATH_MAX];

    CHECK(count == 3 && realpath(arguments[1], init) != NULL && realpath(arguments[2], agent) != NULL);
    if (geteuid() != 0) {
        puts("skipped supervision: needs root");
        return 0;
    }
    run(init, agent, NULL, FULL);
    run(init, agent, "dying", TERMINATED);
    run(init, agent, "orderly", ORDERLY);
    puts("ok supervision");
    return 0;
}
