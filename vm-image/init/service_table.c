#include "service_table.h"

#include <stddef.h>

#include "engine_config.h"
#include "identity.h"

static const char *const CONTAINERD_ARGUMENTS[] = {"/usr/bin/containerd", "--config", "/usr/share/bulkhead/containerd.toml", NULL};

static const char *const DOCKERD_ARGUMENTS[] = {"/usr/sbin/dockerd", "--config-file", ENGINE_CONFIG, NULL};

const char *const ENGINE_CONFIG_SOURCE = "/usr/share/bulkhead/dockerd.json";

/* MiB. By itself node lets what is young grow to three times 16 before it looks what of it is in use; ours is answered and gone. */
#define YOUNG "--max-semi-space-size=4"

static const char *const DAEMON_ARGUMENTS[] = {
    "/usr/bin/node", YOUNG, "/usr/lib/bulkhead/bulkheadd.mjs", "--init-fd", "3", "--runtime-fd", "4", "--phase-fd", "5", "--service-log",
    "containerd=6",  "--service-log", "dockerd=7", NULL};

/*
 * Of what PID 1 or the entry into native mode mounts, the storage is left (containerd keeps layers for dockerd, which mounts them itself, and its shims
 * run runc, which writes layers), /proc, /sys and /dev: dockerd sets values of the network, BuildKit's runc, a child of it, uses cgroups, and
 * programs in containers may touch /dev/null, of which they get a bind with the flags of this mount. By name nothing but cgroups can be made in the first two.
 */
#define READ_ONLY "/", "/run", "/run/bulkhead/host", "/var/lib/bulkhead-data", "/tmp", "/var/log", "/dev/shm", "/dev/mqueue"

static const char *const CONTAINERD_READ_ONLY[] = {READ_ONLY, "/run/runc", NULL};
static const char *const DOCKERD_READ_ONLY[] = {READ_ONLY, "/run/containerd", NULL};

/*
 * TMPDIR: containerd's shims write there what `docker exec` is to run. /usr/sbin first: there `runc` is the front door. OTEL_BSP_SCHEDULE_DELAY, in milliseconds: dockerd looks for spans of traces to
 * hand on, every 5 s by itself, to nobody; in an idle VM it was what woke most often. What BuildKit keeps of a build's trace goes another way.
 */
#define ENVIRONMENT "PATH=/usr/sbin:/usr/bin:/usr/lib/bulkhead", "HOME=/root", "TMPDIR=/run/docker/tmp", "LANG=C.UTF-8", "OTEL_BSP_SCHEDULE_DELAY=3600000"

static const char *const DAEMON_ENVIRONMENT[] = {ENVIRONMENT, NULL};
/* Where somebody ends the engine's connections on their way it believes that one. */
static const char *const ENGINE_ENVIRONMENT[] = {ENVIRONMENT, "SSL_CERT_FILE=" ENGINE_AUTHORITY, NULL};

const struct service_definition SERVICES[SERVICE_COUNT] = {
    [CONTAINERD] = {"containerd", CONTAINERD_ARGUMENTS, true, CONTAINERD_READ_ONLY, ENGINE_ENVIRONMENT},
    [DOCKERD] = {"dockerd", DOCKERD_ARGUMENTS, true, DOCKERD_READ_ONLY, ENGINE_ENVIRONMENT},
    [DAEMON] = {"bulkheadd", DAEMON_ARGUMENTS, false, NULL, DAEMON_ENVIRONMENT},
};
