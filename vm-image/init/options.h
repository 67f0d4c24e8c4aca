#ifndef BULKHEAD_OPTIONS_H
#define BULKHEAD_OPTIONS_H

#include <stdbool.h>

#include "service_table.h"

/** How PID 1 was started. In a VM the initramfs gives no argument at all. */
struct options {
    bool native;          /* PID 1 of a PID namespace on somebody else's kernel */
    int phase_descriptor; /* native: where phases go, or -1 */
    const char *host_directory; /* native: directory shared with the host, absolute */
    int kept[KEPT_COUNT];       /* descriptors to keep for bulkheadd, or -1; in native mode given, but the agent's, which is made; in a VM read from disks */
    bool ssh_agent;             /* native: the host's ssh agent is passed on */
    int authority;              /* a file with the certificate of who ends the engine's connections, or -1; in native mode given, in a VM read from a disk */
    const char *resolver;       /* native: the name server, where there is a way to it; NULL: there is none */
};

/** Reads `[--native --host-dir DIRECTORY [--phase-fd NUMBER] [--shares-fd NUMBER] [--ssh-agent] [--policy-fd NUMBER] [--settings-fd NUMBER] [--registry-fd NUMBER] [--publishers-fd NUMBER] [--authority-fd NUMBER] [--resolver ADDRESS]]`; false when it is anything else. */
bool parse_options(int count, char **arguments, struct options *options);

#endif
