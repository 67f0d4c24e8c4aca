#include "services.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "engine_storage.h"
#include "log.h"
#include "phase.h"
#include "program.h"
#include "spawn.h"

#define LOG_PIPE_SIZE (1 << 20)
#define RUNTIME_BACKLOG 512

int listen_at(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (listener < 0 || strlen(path) >= sizeof(address.sun_path))
        return -1;
    strcpy(address.sun_path, path);
    unlink(path);
    mode_t mask = umask(0177);
    int bound = bind(listener, (struct sockaddr *)&address, sizeof(address));
    umask(mask);
    return bound == 0 && listen(listener, RUNTIME_BACKLOG) == 0 ? listener : -1;
}

bool services_open(struct services *services, const char *runtime_path)
{
    memset(services, 0, sizeof(*services));
    services->control = -1;
    for (size_t i = 0; i < KEPT_COUNT; i++)
        services->kept[i] = -1;
    for (int i = 0; i < DAEMON; i++) {
        if (pipe2(services->logs[i], O_CLOEXEC) != 0)
            return false;
        /* a smaller pipe works too: the service only waits earlier for its reader */
        if (fcntl(services->logs[i][1], F_SETPIPE_SZ, LOG_PIPE_SIZE) < 0)
            log_line("log pipe of %s: %s", SERVICES[i].name, strerror(errno));
    }
    services->runtime_socket = listen_at(runtime_path);
    return services->runtime_socket >= 0;
}

bool keep_sealed(int descriptor, int *kept)
{
    const int needed = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
    const int seals = fcntl(descriptor, F_GET_SEALS);

    if (seals < 0 || (seals & needed) != needed) {
        errno = seals < 0 ? errno : EPERM;
        return false;
    }
    *kept = fcntl(descriptor, F_DUPFD_CLOEXEC, 3);
    close(descriptor);
    return *kept >= 0;
}

bool services_open_agent(struct services *services, const char *path)
{
    services->kept[KEPT_AGENT] = listen_at(path);
    return services->kept[KEPT_AGENT] >= 0 && chmod(path, 0666) == 0;
}

bool services_open_ports(struct services *services, const char *path)
{
    services->kept[KEPT_PORTS] = listen_at(path);
    return services->kept[KEPT_PORTS] >= 0;
}

static bool start_daemon(struct services *services)
{
    int pair[2];
    int inherited[SPAWN_DESCRIPTOR_LIMIT];
    size_t count = 0;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) != 0)
        return false;
    inherited[count++] = pair[1];
    inherited[count++] = services->runtime_socket;
    inherited[count++] = phase_descriptor();
    for (int i = 0; i < DAEMON; i++)
        inherited[count++] = services->logs[i][0];
    /* the numbers are fixed, so each needs those before it, be it /dev/null */
    size_t needed = KEPT_COUNT;
    while (needed > 0 && services->kept[needed - 1] < 0)
        needed--;
    for (size_t i = 0; i < needed; i++)
        inherited[count++] = services->kept[i];
    pid_t pid = spawn_service(&SERVICES[DAEMON], services->extra, -1, inherited, count);
    close(pair[1]);
    if (pid < 0) {
        close(pair[0]);
        return false;
    }
    services->control = pair[0];
    services->pids[DAEMON] = pid;
    restart_started(&services->daemon, uptime_ms());
    return true;
}

bool services_start(struct services *services, enum service_index index)
{
    if (services->pids[index] != 0) {
        errno = EALREADY;
        return false;
    }
    if (index == DAEMON)
        return start_daemon(services);
    if (index == DOCKERD && !keep_short_names() && errno != ENOENT)
        log_line("short names of layers: %s", strerror(errno));
    if (index == DOCKERD && !hide_unserved_state())
        return false;
    pid_t pid = spawn_service(&SERVICES[index], index == DOCKERD ? services->engine_extra : NULL, services->logs[index][1], NULL, 0);
    if (pid < 0)
        return false;
    services->pids[index] = pid;
    return true;
}

enum service_index service_by_name(const char *name)
{
    for (enum service_index i = 0; i < DAEMON; i++)
        if (strcmp(SERVICES[i].name, name) == 0)
            return i;
    return SERVICE_COUNT;
}

enum service_index service_by_pid(const struct services *services, pid_t pid)
{
    for (enum service_index i = 0; i < SERVICE_COUNT; i++)
        if (services->pids[i] == pid)
            return i;
    return SERVICE_COUNT;
}

void services_start_names(struct services *services)
{
    if (services->names == NULL || services->name_server != 0)
        return;
    const pid_t pid = start_program(services->names);
    if (pid < 0) {
        log_line("start of the name server: %s", strerror(errno));
        services_names_ended(services);
        return;
    }
    services->name_server = pid;
    restart_started(&services->names_restart, uptime_ms());
}

void services_names_ended(struct services *services)
{
    services->name_server = 0;
    log_line("the name server ended, next start in %d ms", restart_ended(&services->names_restart, uptime_ms()));
}

void services_start_relay(struct services *services)
{
    if (services->relay == NULL || services->relay_pid != 0)
        return;
    const pid_t pid = spawn_service(services->relay, NULL, -1, services->egress, EGRESS_DESCRIPTORS);
    if (pid < 0) {
        log_line("start of %s: %s", services->relay->name, strerror(errno));
        services_relay_ended(services);
        return;
    }
    services->relay_pid = pid;
    restart_started(&services->relay_restart, uptime_ms());
}

void services_relay_ended(struct services *services)
{
    services->relay_pid = 0;
    log_line("%s ended, next start in %d ms", services->relay->name, restart_ended(&services->relay_restart, uptime_ms()));
}

void services_daemon_ended(struct services *services)
{
    if (services->control >= 0)
        close(services->control);
    services->control = -1;
    log_line("%s ended, next start in %d ms", SERVICES[DAEMON].name, restart_ended(&services->daemon, uptime_ms()));
}
