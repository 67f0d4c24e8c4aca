#include "proxy.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
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

static bool is_socket(int descriptors, const char *name)
{
    char target[16];
    ssize_t length = readlinkat(descriptors, name, target, sizeof(target));

    return length > 8 && memcmp(target, "socket:[", 8) == 0;
}

bool proxy_is_idle(pid_t pid)
{
    char path[32];
    int sockets = 0;

    snprintf(path, sizeof(path), "/proc/%d/fd", pid);
    DIR *open = opendir(path);
    if (open == NULL)
        return false;
    /* not those dockerd has for what it says */
    for (struct dirent *entry; (entry = readdir(open)) != NULL;)
        if (atoi(entry->d_name) >= ANSWER_FD && is_socket(dirfd(open), entry->d_name))
            sockets++;
    closedir(open);
    return sockets <= 1;
}

bool proxy_end_idle(pid_t pid)
{
    int status = 0;

    /* it takes no connection between the look and its end */
    if (kill(pid, SIGSTOP) != 0 || waitpid(pid, &status, WUNTRACED) != pid)
        return false;
    if (!WIFSTOPPED(status))
        return true;
    const bool idle = proxy_is_idle(pid);
    kill(pid, idle ? SIGKILL : SIGCONT);
    if (idle)
        waitpid(pid, NULL, 0);
    return idle;
}
