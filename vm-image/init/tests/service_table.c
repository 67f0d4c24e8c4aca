/* The table of the supervision test: every service is the agent, which tests/supervision.c puts at /run/agent. */
#include "service_table.h"

#include <stddef.h>

static const char *const CONTAINERD_ARGUMENTS[] = {"/run/agent", "stubborn", NULL};
static const char *const DOCKERD_ARGUMENTS[] = {"/run/agent", "obedient", NULL};
static const char *const DAEMON_ARGUMENTS[] = {"/run/agent", "daemon", NULL};
static const char *const READ_ONLY[] = {"/run", "/tmp", "/absent", NULL};

static const char *const ENVIRONMENT[] = {"TEST=1", NULL};

const struct service_definition SERVICES[SERVICE_COUNT] = {
    [CONTAINERD] = {"containerd", CONTAINERD_ARGUMENTS, false, NULL, ENVIRONMENT},
    [DOCKERD] = {"dockerd", DOCKERD_ARGUMENTS, false, READ_ONLY, ENVIRONMENT},
    [DAEMON] = {"bulkheadd", DAEMON_ARGUMENTS, false, NULL, ENVIRONMENT},
};

const char *const ENGINE_CONFIG_SOURCE = "/run/engine.json";
