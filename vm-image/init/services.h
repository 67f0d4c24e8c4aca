#ifndef BULKHEAD_SERVICES_H
#define BULKHEAD_SERVICES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "egress.h"
#include "restart.h"
#include "service_table.h"

#define EXTRA_ARGUMENT_LIMIT (6 + 2 * KEPT_COUNT) /* --mode, --host-dir or --control-port, --host-side, and one for each kept */

/** What PID 1 holds for its services for as long as it lives. */
struct services {
    pid_t pids[SERVICE_COUNT];         /* 0 = not running */
    int logs[DAEMON][2];               /* pipes of the output of each service before DAEMON; both ends stay open, so neither side sees an end */
    int runtime_socket;                /* listening; front doors queue here while DAEMON is away */
    int kept[KEPT_COUNT];              /* -1 = not there */
    int control;                       /* our end of DAEMON's socket, -1 = none */
    const char *extra[EXTRA_ARGUMENT_LIMIT + 1]; /* arguments of DAEMON that depend on the mode */
    const char *engine_extra[2];       /* arguments of DOCKERD beside those of the table, ends with NULL */
    pid_t trimmer;                     /* of start_data_trim(); 0 = none */
    struct restart daemon;             /* of DAEMON */
    const char *const *names;          /* arguments of the name server (names.h); NULL: there is none */
    pid_t name_server;                 /* 0 = not running */
    struct restart names_restart;
    const struct service_definition *relay; /* of the way out (egress.h); NULL: there is none */
    const int *egress;                 /* what it is given, EGRESS_DESCRIPTORS of them */
    pid_t relay_pid;                   /* 0 = not running */
    struct restart relay_restart;
};

/** A listening socket at a path nobody else has, for root alone; -1 with errno. */
int listen_at(const char *path);

/** Makes the pipes and the listening socket; false with errno. */
bool services_open(struct services *services, const char *runtime_path);

/**
 * Moves a descriptor that DAEMON is to inherit to `kept`. False with errno, EPERM when it is not sealed: DAEMON reads it again after each restart, and
 * then it must say what it said before.
 */
bool keep_sealed(int descriptor, int *kept);

/**
 * Makes the socket containers reach the host's ssh agent by, for DAEMON as KEPT_AGENT. Open to every user of a container, as a container has it only
 * when asked for. Held here: a container keeps it over restarts of DAEMON. False with errno.
 */
bool services_open_agent(struct services *services, const char *path);

/**
 * Makes the socket publish-port asks for ports by, for DAEMON as KEPT_PORTS. Held here: while DAEMON is started again, each of them connects and waits.
 * False with errno.
 */
bool services_open_ports(struct services *services, const char *path);

/** Starts a service that is not running; false with errno. */
bool services_start(struct services *services, enum service_index index);

/** The index of a name that DAEMON may use, that is of a service other than itself; SERVICE_COUNT when there is none. */
enum service_index service_by_name(const char *name);

/** The service with this pid, or SERVICE_COUNT. */
enum service_index service_by_pid(const struct services *services, pid_t pid);

/** Starts the name server where there is to be one; one that cannot be started is due again like one that has ended. */
void services_start_names(struct services *services);

/** Notes that the name server has ended and when it is to be started again. */
void services_names_ended(struct services *services);

/** Starts the relay of the way out where there is to be one, likewise. */
void services_start_relay(struct services *services);

/** Notes that the relay has ended, and with it every connection, and when it is to be started again. */
void services_relay_ended(struct services *services);

/** Notes that DAEMON has ended and when it is to be started again. */
void services_daemon_ended(struct services *services);

#endif
