#include "redirect.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define RESTORE "/usr/sbin/iptables-restore"

/*
 * What one address asks in a second before the rest of it is dropped: a project that starts asks for some hundreds of names, a program that floods would fill the
 * server's queue for all.
 */
#define MOST_PER_SECOND "1000"

bool redirection_rules(const struct redirection *to, char text[RULES_LIMIT])
{
    char names[INET_ADDRSTRLEN], listener[INET_ADDRSTRLEN], resolver[INET_ADDRSTRLEN];
    const unsigned int port = ntohs(to->listener.sin_port);

    if (inet_ntop(AF_INET, &to->names, names, sizeof(names)) == NULL || inet_ntop(AF_INET, &to->listener.sin_addr, listener, sizeof(listener)) == NULL ||
        inet_ntop(AF_INET, &to->resolver, resolver, sizeof(resolver)) == NULL)
        return false;
    const int length = snprintf(text, RULES_LIMIT,
                                "*nat\n"
                                ":BULKHEAD-NAMES - [0:0]\n"
                                "-A BULKHEAD-NAMES -p udp -m udp --dport 53 -j DNAT --to-destination %s:%u\n"
                                "-A BULKHEAD-NAMES -p tcp -m tcp --dport 53 -j DNAT --to-destination %s:53\n"
                                "-A PREROUTING -d %s/32 -j BULKHEAD-NAMES\n"
                                "-A OUTPUT -d %s/32 -j BULKHEAD-NAMES\n"
                                "COMMIT\n"
                                "*filter\n"
                                "-A INPUT -d %s/32 -p udp -m udp --dport %u -m hashlimit --hashlimit-above " MOST_PER_SECOND "/sec --hashlimit-burst " MOST_PER_SECOND
                                " --hashlimit-mode srcip --hashlimit-name bulkhead-names -j DROP\n"
                                "COMMIT\n",
                                listener, port, resolver, names, names, listener, port);
    return length > 0 && length < RULES_LIMIT;
}

static _Noreturn void become_restore(int input)
{
    static char *const ARGUMENTS[] = {RESTORE, "--noflush", NULL};
    static char *const ENVIRONMENT[] = {NULL};

    if (dup2(input, STDIN_FILENO) >= 0)
        execve(RESTORE, ARGUMENTS, ENVIRONMENT);
    _exit(127);
}

bool redirect(const struct redirection *to)
{
    char text[RULES_LIMIT];
    int input[2], status = -1;

    /* they fit into the pipe, so nobody waits for anybody */
    if (!redirection_rules(to, text) || pipe2(input, O_CLOEXEC) != 0)
        return false;
    pid_t pid = fork();
    if (pid == 0)
        become_restore(input[0]);
    bool written = pid > 0 && write(input[1], text, strlen(text)) == (ssize_t)strlen(text);
    close(input[0]);
    close(input[1]);
    while (pid > 0 && waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return false;
    return written && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}
