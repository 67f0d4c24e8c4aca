/*
 * PID 1, of the VM or (--native) of a PID namespace. It brings the system up in one fixed order, starts the services and then only
 * supervises. What can go wrong on the way ends in a named failure and a power-off: a VM that is half set up must not serve.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <net/if.h>
#include <unistd.h>

#include "../../src/egress/network/way.h"
#include "data_disk.h"
#include "devices.h"
#include "document_disks.h"
#include "egress.h"
#include "files.h"
#include "flow_limits.h"
#include "engine_config.h"
#include "engine_storage.h"
#include "engine_view.h"
#include "identity.h"
#include "log.h"
#include "modules.h"
#include "mounts.h"
#include "names.h"
#include "network.h"
#include "options.h"
#include "phase.h"
#include "port_flows.h"
#include "power_off.h"
#include "program.h"
#include "root_check.h"
#include "services.h"
#include "shares.h"
#include "supervise.h"
#include "sysctls.h"

#define MODULE_LIST "/usr/lib/bulkhead/modules/run.list"
#define RUNTIME_SOCKET "/run/bulkhead/runtime.sock"
#define HOST_SERVICES "/run/host-services" /* where Docker Desktop's containers find it */
#define AGENT_SOCKET HOST_SERVICES "/ssh-auth.sock"
/* publish-port asks there, and asks nobody where it is not (src/daemon/publish-port/lease.h) */
#define PORTS_SOCKET "/run/bulkhead/ports.sock"
#define CONTROL_PORT "org.bulkhead.control"
#define DEVICE_DEADLINE_MS 10000

/*
 * The nodes containers may be given are for all of them, as udev leaves them elsewhere (50-udev-default.rules); devtmpfs makes them
 * for root alone. What they give is limited to the namespaces of who opens them. One that is missing is nobody's to use.
 */
static void open_container_devices(void)
{
    static const char *const nodes[] = {"/dev/fuse", "/dev/net/tun"};

    for (size_t i = 0; i < sizeof(nodes) / sizeof(nodes[0]); i++)
        if (chmod(nodes[i], 0666) != 0 && errno != ENOENT)
            log_line("%s cannot be opened to containers", nodes[i]);
}

static _Noreturn void fail(const struct options *options, const char *code, const char *detail)
{
    phase_failure(code, detail);
    if (options->native)
        exit(EXIT_FAILURE);
    end_processes();
    power_off();
}

static _Noreturn void fail_errno(const struct options *options, const char *code, const char *what)
{
    char detail[256];

    snprintf(detail, sizeof(detail), "%s: %s", what, strerror(errno));
    fail(options, code, detail);
}

/* Before anything of the root is used: is it the root the controller asked for? */
static void check_root(const struct options *options, char *cmdline, size_t size)
{
    char detail[160];

    if (read_file("/proc/cmdline", cmdline, size) < 0)
        fail_errno(options, "root-not-verified", "/proc/cmdline");
    if (!root_is_verified(cmdline, detail))
        fail(options, "root-not-verified", detail);
}

static void open_phase_sink(const struct options *options)
{
    char path[DEVICE_PATH_LIMIT];

    if (options->native) {
        phase_open(options->phase_descriptor < 0 ? -1 : fcntl(options->phase_descriptor, F_DUPFD_CLOEXEC, 3));
        if (options->phase_descriptor >= 0)
            close(options->phase_descriptor);
    } else if (find_port(PHASE_PORT, path)) {
        phase_open(open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
    }
}

static void start_data_disk(const struct options *options, struct data_disk *disk)
{
    char detail[128];
    int events = open_device_events();

    if (!await_device(events, find_disk, DATA_SERIAL, uptime_ms() + DEVICE_DEADLINE_MS, disk->path))
        fail(options, "data-disk-missing", "no virtio disk with serial " DATA_SERIAL);
    close(events);
    if (!prepare_data_disk(disk, detail))
        fail(options, "data-disk-corrupt", detail);
}

/* What dockerd is told of the host; empty in native mode without a way out, where nothing leads there. */
static char host_gateway[HOST_GATEWAY_LIMIT];

/* Of the name server; NULL: there is none. */
static const char *const *name_server;

/* What the relay of the way out is given; no descriptor: there is none. */
static int egress[EGRESS_DESCRIPTORS] = {-1};

/* How bulkheadd is told of the card and of who is behind it, which the default route does not say here; empty: it does. */
static char host_side[HOST_SIDE_LIMIT];

/* A way out that cannot be made is none, and there is no other: by the card nobody is reached but who asks a published port. */
static void set_up_egress(const struct options *options, const struct net_params *params)
{
    const char *what = "";
    char interface[IF_NAMESIZE];

    if (!params->restricted)
        return;
    if (!open_egress(egress, options->authority >= 0, &what))
        log_line("the way out: %s: %s", what, strerror(errno));
    if (find_interface(interface))
        host_side_argument(params, interface, host_side);
}

/* A VM without network is legitimate (air gap), a command line that cannot be understood is not. The pid of what makes the rules of the name server; -1: nothing does. */
static pid_t set_up_network(const struct options *options, const char *cmdline, struct net_params *params)
{
    char interface[IF_NAMESIZE];

    if (!net_params_of_cmdline(cmdline, params))
        fail(options, "root-not-verified", "malformed " NET_KEY " on the kernel command line");
    host_gateway_argument(params->host, host_gateway);
    set_up_egress(options, params);
    if (!configure_network(params)) {
        log_line("network: %s", strerror(errno));
        return -1;
    }
    if (find_interface(interface) && !add_port_flows(interface, params))
        log_line("flows of published ports: %s", strerror(errno));
    /* by a restricted card nothing goes out but answers */
    if (!params->restricted && find_interface(interface) && !limit_flows(interface, params->flows))
        log_line("limits of connections to the world: %s", strerror(errno));
    if (params->names.s_addr == 0)
        return -1;
    name_server = find_interface(interface) ? name_server_arguments(params, interface) : NULL;
    const pid_t rules = name_server == NULL ? -1 : start_name_rules(params, interface);
    if (rules < 0)
        log_line("name server: %s", strerror(errno));
    return rules;
}

/* Dockerd's rules have to come behind those of the name server, so this is before dockerd. Without them names resolve all the same, but those of the host. */
static void set_up_names(const struct options *options, const struct net_params *params, pid_t rules)
{
    const int status = rules < 0 ? -1 : await_program(rules);

    if (status != 0)
        name_server = NULL;
    if (status > 0)
        log_line("rules of the name server: status %d", status);
    if (!write_identity(name_server == NULL ? &params->resolver : &params->names, params->search) || !set_host_name())
        fail_errno(options, "root-not-verified", "/run/bulkhead/etc");
}

static void set_up_machine(struct options *options, const char *cmdline)
{
    char detail[1152];
    struct data_disk disk;
    struct net_params params;

    /* The check of the data disk and the loading of modules are the two long steps: on two processors they overlap. */
    start_data_disk(options, &disk);
    if (!keep_documents(cmdline, uptime_ms() + DEVICE_DEADLINE_MS, options->kept, &options->authority, detail))
        fail(options, "document-missing", detail);
    if (!load_modules(MODULE_LIST, detail, sizeof(detail)))
        fail(options, "module-failed", detail);
    open_container_devices();
    if (!close_module_loading())
        fail_errno(options, "module-failed", "kernel.modules_disabled");
    set_sysctls();
    /* before anything else is mounted: the root is changed for them */
    if (!mount_shares(options->kept[KEPT_SHARES], detail))
        fail(options, "share-failed", detail);
    const pid_t rules = set_up_network(options, cmdline, &params);
    if (!mount_data_disk(&disk, detail))
        fail(options, "data-disk-corrupt", detail);
    set_up_names(options, &params, rules);
    phase_report("data-mounted");
}

/* Containers inherit these through containerd and its shims; Go programs raise their own soft limit to the hard one. */
static void set_limits(void)
{
    const struct rlimit files = {1024, 1048576}, endless = {RLIM_INFINITY, RLIM_INFINITY};

    if (setrlimit(RLIMIT_NOFILE, &files) != 0 || setrlimit(RLIMIT_NPROC, &endless) != 0 || setrlimit(RLIMIT_CORE, &endless) != 0)
        log_line("resource limits: %s", strerror(errno));
}

/* How DAEMON is told of what PID 1 keeps for it: DAEMON_KEPT_FD and on. */
static const char *const KEPT_ARGUMENTS[KEPT_COUNT][2] = {
    [KEPT_SHARES] = {"--shares-fd", "8"},
    [KEPT_AGENT] = {"--ssh-agent-fd", "9"},
    [KEPT_POLICY] = {"--policy-fd", "10"},
    [KEPT_SETTINGS] = {"--settings-fd", "11"},
    [KEPT_REGISTRY] = {"--registry-fd", "12"},
    [KEPT_PORTS] = {"--ports-fd", "13"},
    [KEPT_PUBLISHERS] = {"--publishers-fd", "14"},
};

static void add_daemon_arguments(const struct options *options, struct services *services, char *port)
{
    size_t count = 0;

    services->extra[count++] = "--mode";
    services->extra[count++] = options->native ? "native" : "vm";
    if (options->native) {
        services->extra[count++] = "--host-dir";
        services->extra[count++] = options->host_directory;
    } else if (find_port(CONTROL_PORT, port)) {
        services->extra[count++] = "--control-port";
        services->extra[count++] = port;
    }
    if (host_side[0] != '\0') {
        services->extra[count++] = "--host-side";
        services->extra[count++] = host_side;
    }
    for (size_t i = 0; i < KEPT_COUNT; i++)
        if (services->kept[i] >= 0)
            for (size_t j = 0; j < 2; j++)
                services->extra[count++] = KEPT_ARGUMENTS[i][j];
    services->extra[count] = NULL;
}

static enum stop_reason run_services(const struct options *options, int signals)
{
    char port[DEVICE_PATH_LIMIT];
    struct services services;

    if (!copy_engine_config(ENGINE_CONFIG_SOURCE))
        fail_errno(options, "engine-failed", ENGINE_CONFIG);
    if (!services_open(&services, RUNTIME_SOCKET))
        fail_errno(options, "engine-failed", RUNTIME_SOCKET);
    for (size_t i = 0; i < KEPT_COUNT; i++)
        if (options->kept[i] >= 0 && !keep_sealed(options->kept[i], &services.kept[i]))
            fail_errno(options, "engine-failed", KEPT_ARGUMENTS[i][0]);
    /* in a VM bulkheadd says who may have it */
    if ((options->ssh_agent || !options->native) && (!make_directory(HOST_SERVICES, 0755) || !services_open_agent(&services, AGENT_SOCKET)))
        fail_errno(options, "engine-failed", AGENT_SOCKET);
    if (!options->native && !services_open_ports(&services, PORTS_SOCKET))
        fail_errno(options, "engine-failed", PORTS_SOCKET);
    services.engine_extra[0] = host_gateway[0] == '\0' ? NULL : host_gateway;
    add_daemon_arguments(options, &services, port);
    services.names = name_server;
    services_start_names(&services);
    services.relay = egress[0] < 0 ? NULL : &EGRESS_RELAY;
    services.egress = egress;
    services_start_relay(&services);
    for (enum service_index i = 0; i < SERVICE_COUNT; i++) {
        /* bulkheadd, the last, reports phases itself: its first must not come before this one */
        if (i == DAEMON)
            phase_report("services-started");
        if (!services_start(&services, i))
            fail_errno(options, "engine-failed", SERVICES[i].name);
    }
    return supervise(&services, signals);
}

int main(int count, char **arguments)
{
    static char cmdline[4096];
    struct options options;
    const char *point = NULL;

    umask(022);
    if (!parse_options(count, arguments, &options)) {
        log_line("usage: init [--native --host-dir DIRECTORY [--phase-fd NUMBER] [--shares-fd NUMBER] [--ssh-agent] [--policy-fd NUMBER] [--settings-fd NUMBER] [--registry-fd NUMBER] [--publishers-fd NUMBER] [--authority-fd NUMBER] [--resolver ADDRESS]]");
        return EXIT_FAILURE;
    }
    if (!options.native) {
        log_to_kernel();
        reboot(RB_DISABLE_CAD);
    }
    open_phase_sink(&options);
    int signals = open_signals();
    if (!options.native)
        check_root(&options, cmdline, sizeof(cmdline));
    phase_report("init");

    if (!mount_volatile(options.native, &point))
        fail_errno(&options, "root-not-verified", point);
    if (!make_run_tree())
        fail_errno(&options, "root-not-verified", "/run/bulkhead");
    if (!bring_loopback_up())
        log_line("loopback: %s", strerror(errno));
    if (options.native) {
        struct in_addr resolver, host;
        const bool named = options.resolver != NULL && inet_pton(AF_INET, options.resolver, &resolver) == 1;
        if (!write_identity(named ? &resolver : NULL, ""))
            fail_errno(&options, "root-not-verified", "/run/bulkhead/etc");
        if (named && inet_pton(AF_INET, EGRESS_HOST4, &host) == 1)
            host_gateway_argument(host, host_gateway);
    } else {
        set_limits();
        set_up_machine(&options, cmdline);
    }
    if (!write_authority(options.authority))
        fail_errno(&options, "engine-failed", ENGINE_AUTHORITY);
    if (!stop_links_of_containers())
        fail_errno(&options, "engine-failed", "/var/lib/docker, /var/lib/containerd");
    if (!prepare_views())
        fail_errno(&options, "engine-failed", "/run/docker, /run/containerd, /run/runc");
    /* bulkheadd says so itself before it asks for power-off */
    if (run_services(&options, signals) == STOP_SIGNALLED)
        phase_report("powering-off");
    end_processes();
    if (!options.native)
        power_off();
    return EXIT_SUCCESS;
}
