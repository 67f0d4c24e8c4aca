#include "names.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>

#include "program.h"

#define NAME_SERVER "/usr/lib/bulkhead/name-server"
/* Nobody publishes it by chance: it is above those that are given out (net.ipv4.ip_local_port_range), and no service's. */
#define NAME_PORT "65053"
/* Always empty here; docs/architecture.md. */
#define EMPTY_DIRECTORY "/run/bulkhead/rootfs"

static bool write_address(struct in_addr address, const char *suffix, char *text, size_t size)
{
    char dotted[INET_ADDRSTRLEN];

    return inet_ntop(AF_INET, &address, dotted, sizeof(dotted)) != NULL && snprintf(text, size, "%s%s", dotted, suffix) < (int)size;
}

bool start_name_server(const struct net_params *params, const char *interface)
{
    char listener[32], resolver[32], host[32], names[32];
    const char *arguments[16] = {NAME_SERVER, "--listen", listener, "--resolver", resolver, "--host", host, "--names", names, "--interface", interface, "--root",
                                 EMPTY_DIRECTORY};
    size_t count = 13;

    if (!write_address(params->address, ":" NAME_PORT, listener, sizeof(listener)) || !write_address(params->resolver, ":53", resolver, sizeof(resolver)) ||
        !write_address(params->gateway, "", host, sizeof(host)) || !write_address(params->names, "", names, sizeof(names))) {
        errno = EINVAL;
        return false;
    }
    if (params->without != NULL) {
        arguments[count++] = "--without";
        arguments[count++] = params->without;
    }
    arguments[count] = NULL;
    return start_program(arguments) > 0;
}

void host_gateway_argument(const struct net_params *params, char text[HOST_GATEWAY_LIMIT])
{
    char dotted[INET_ADDRSTRLEN] = "";

    inet_ntop(AF_INET, &params->gateway, dotted, sizeof(dotted));
    snprintf(text, HOST_GATEWAY_LIMIT, "--host-gateway-ip=%s", dotted);
}
