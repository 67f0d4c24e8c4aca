#include "rules.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "apart.h"

#define RESTORE "/usr/sbin/iptables-restore"

/*
 * What one network asks in a second before the rest of it is dropped: a project that starts asks for some hundreds of names, a program that floods would fill the
 * server's queue for all. By network and not by address, of which a container can use as many as its network has; those of the engine's own choice are told apart
 * exactly (172.17.0.0/16 and on, then 192.168.0.0/20 and on). What comes by a network with an address of another is dropped before it is counted, so the table
 * of what was counted has as many entries as there are networks.
 */
#define MOST_PER_SECOND "1000"
#define SMALL_NETWORKS "192.168.0.0/16"
#define COUNTED(name, bits) \
    "-m hashlimit --hashlimit-above " MOST_PER_SECOND "/sec --hashlimit-burst " MOST_PER_SECOND " --hashlimit-mode srcip --hashlimit-srcmask " bits \
    " --hashlimit-name " name " -j DROP\n"

/*
 * Nothing is translated on the way, so the server knows who asks, and nothing waits in the table of connections, which a container can fill. The answers then
 * belong to no connection, and pass Docker's rules, which come behind these, by name: one for each container in `raw`, one for each network in `filter`. Nothing but answers
 * comes out of the namespace of the server, which reads what containers send: not to the host either, whose side of the network is the card.
 */
bool name_rules(struct in_addr names, struct in_addr resolver, const char *card, char text[RULES_LIMIT])
{
    char name_text[INET_ADDRSTRLEN], resolver_text[INET_ADDRSTRLEN];

    if (inet_ntop(AF_INET, &names, name_text, sizeof(name_text)) == NULL || inet_ntop(AF_INET, &resolver, resolver_text, sizeof(resolver_text)) == NULL)
        return false;
    const int length = snprintf(text, RULES_LIMIT,
                                "*raw\n"
                                ":BULKHEAD-NAMES - [0:0]\n"
                                "-A BULKHEAD-NAMES -m rpfilter --invert -j DROP\n"
                                "-A BULKHEAD-NAMES -s " SMALL_NETWORKS " " COUNTED("bulkhead-names-20", "20")
                                "-A BULKHEAD-NAMES ! -s " SMALL_NETWORKS " " COUNTED("bulkhead-names-16", "16")
                                "-A BULKHEAD-NAMES -p udp -j CT --notrack\n"
                                "-A PREROUTING -d %s/32 -j BULKHEAD-NAMES\n"
                                "-A PREROUTING -s %s/32 -i " LINK " -p udp -j CT --notrack\n"
                                "-A PREROUTING -s %s/32 -i " LINK " -p udp -j ACCEPT\n"
                                "COMMIT\n"
                                "*nat\n"
                                "-A PREROUTING -d %s/32 -p tcp -m tcp --dport 53 -j DNAT --to-destination %s:53\n"
                                "-A OUTPUT -d %s/32 -p tcp -m tcp --dport 53 -j DNAT --to-destination %s:53\n"
                                "COMMIT\n"
                                "*filter\n"
                                ":DOCKER-USER - [0:0]\n"
                                "-A DOCKER-USER -s %s/32 -i " LINK " ! -o %s -p udp -m udp --sport 53 -j ACCEPT\n"
                                "-A DOCKER-USER -i " LINK " -j DROP\n"
                                "COMMIT\n",
                                name_text, name_text, name_text, name_text, resolver_text, name_text, resolver_text, name_text, card);
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

bool make_rules(struct in_addr names, struct in_addr resolver, const char *card)
{
    char text[RULES_LIMIT];
    int input[2], status = -1;

    /* they fit into the pipe, so nobody waits for anybody */
    if (!name_rules(names, resolver, card, text) || pipe2(input, O_CLOEXEC) != 0)
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
