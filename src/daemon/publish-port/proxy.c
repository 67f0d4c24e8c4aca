#include "proxy.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "limit.h"

/* What it has is 13 or 14: a thread for each processor and some of Go's own. */
#define PROXY_TASKS 24

#ifndef DOCKER_PROXY
#define DOCKER_PROXY "/usr/sbin/docker-proxy"
#endif

bool proxy_limit(void)
{
    return limit_join(PROXIES_CGROUP, PROXY_TASKS);
}

void proxy_become(char **arguments)
{
    static char name[] = DOCKER_PROXY;

    arguments[0] = name;
    execv(DOCKER_PROXY, arguments);
}

pid_t proxy_start(char **arguments)
{
    pid_t parent = getpid();
    pid_t pid = fork();

    if (pid != 0)
        return pid;
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    /* dockerd had its answer: nobody reads this one. */
    int answer = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (proxy_limit() && prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent && answer >= 0 &&
        (answer == ANSWER_FD ? fcntl(answer, F_SETFD, 0) == 0 : dup2(answer, ANSWER_FD) == ANSWER_FD))
        proxy_become(arguments);
    _exit(127);
}
