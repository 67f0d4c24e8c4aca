#ifndef BULKHEAD_SERVICE_TABLE_H
#define BULKHEAD_SERVICE_TABLE_H

#include <stdbool.h>

/** The services, in this order. DAEMON is restarted by PID 1; the others only when DAEMON says so. */
enum service_index { CONTAINERD, DOCKERD, DAEMON, SERVICE_COUNT };

struct service_definition {
    const char *name;
    const char *const *arguments;
    /** Its processes open files that images brought: not those that are devices (engine_devices.h). */
    bool devices_closed;
    /** Mounts it may not write, ends with NULL (engine_view.h); NULL: it has the view of PID 1. */
    const char *const *read_only;
    /** Its environment, ends with NULL. */
    const char *const *environment;
    /** How many files it may have open; 0: as many as PID 1. */
    unsigned long most_files;
};

extern const struct service_definition SERVICES[SERVICE_COUNT];
/** The configuration file in the root that becomes ENGINE_CONFIG. */
extern const char *const ENGINE_CONFIG_SOURCE;

/** First descriptor of each kind that DAEMON inherits; its arguments name them. */
#define DAEMON_CONTROL_FD 3
#define DAEMON_RUNTIME_FD 4
#define DAEMON_PHASE_FD 5
#define DAEMON_LOG_FD 6 /* one for each service before DAEMON */
#define DAEMON_KEPT_FD 8

/** What PID 1 may be given to keep for DAEMON over its restarts, inherited in this order. */
enum kept_index {
    KEPT_SHARES,   /* sealed list of the host's directories that containers may bind */
    KEPT_AGENT,    /* listening socket, for containers that want the host's ssh agent */
    KEPT_POLICY,   /* sealed copy of the organization's policy */
    KEPT_SETTINGS, /* sealed copy of the user's settings */
    KEPT_REGISTRY, /* sealed copy of the machine's registry.json */
    KEPT_PORTS,    /* listening socket, for publish-port: in a VM alone */
    KEPT_PUBLISHERS, /* sealed copy of the signed list of verified publishers */
    KEPT_COUNT
};

#endif
