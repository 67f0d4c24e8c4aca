#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

pid_t start_program(const char *const *arguments)
{
    static char *const ENVIRONMENT[] = {NULL};
    pid_t pid = fork();

    if (pid == 0) {
        int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
        if (null >= 0 && dup2(null, STDIN_FILENO) >= 0)
            execve(arguments[0], (char *const *)(uintptr_t)arguments, ENVIRONMENT);
        _exit(127);
    }
    return pid;
}

int await_program(pid_t pid)
{
    int status;

    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return -1;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
