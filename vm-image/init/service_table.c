#include "service_table.h"

#include <stddef.h>

#include "engine_config.h"

static const char *const CONTAINERD_ARGUMENTS[] = {"/usr/bin/containerd", "--config", "/usr/share/bulkhead/containerd.toml", NULL};

static const char *const DOCKERD_ARGUMENTS[] = {"/usr/sbin/dockerd", "--config-file", ENGINE_CONFIG, NULL};

const char *const ENGINE_CONFIG_SOURCE = "/usr/share/bulkhead/dockerd.json";

static const char *const DAEMON_ARGUMENTS[] = {
    "/usr/bin/node", "/usr/lib/bulkhead/bulkheadd.mjs", "--init-fd",     "3", "--runtime-fd", "4", "--phase-fd", "5", "--service-log", "containerd=6",
    "--service-log", "dockerd=7",                       NULL};

const struct service_definition SERVICES[SERVICE_COUNT] = {
    [CONTAINERD] = {"containerd", CONTAINERD_ARGUMENTS, true},
    [DOCKERD] = {"dockerd", DOCKERD_ARGUMENTS, true},
    [DAEMON] = {"bulkheadd", DAEMON_ARGUMENTS, false},
};

/* /usr/sbin first: there `runc` is the front door. */
const char *const SERVICE_ENVIRONMENT[] = {"PATH=/usr/sbin:/usr/bin:/usr/lib/bulkhead", "HOME=/root", "TMPDIR=/tmp", "LANG=C.UTF-8", NULL};
