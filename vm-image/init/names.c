#include "names.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>

#include "program.h"

#define NAME_SERVER "/usr/lib/bulkhead/name-server"
#define PORT ":53"
/* Always empty here; docs/architecture.md. */
#define EMPTY_DIRECTORY "/run/bulkhead/rootfs"

#define ENDPOINT_LIMIT (INET_ADDRSTRLEN + sizeof(PORT))

static bool write_address(struct in_addr address, const char *suffix, char *text, size_t size)
{
    char dotted[INET_ADDRSTRLEN];

    return inet_ntop(AF_INET, &address, dotted, sizeof(dotted)) != NULL && snprintf(text, size, "%s%s", dotted, suffix) < (int)size;
}

pid_t start_name_rules(const struct net_params *params, const char *interface)
{
    char resolver[ENDPOINT_LIMIT], names[ENDPOINT_LIMIT];
    const char *const arguments[] = {NAME_SERVER, "--rules", names, "--resolver", resolver, "--interface", interface, NULL};

    if (!write_address(params->names, "", names, sizeof(names)) || !write_address(params->resolver, PORT, resolver, sizeof(resolver))) {
        errno = EINVAL;
        return -1;
    }
    return start_program(arguments);
}

const char *const *name_server_arguments(const struct net_params *params, const char *interface)
{
    static char listen[ENDPOINT_LIMIT], resolver[ENDPOINT_LIMIT], host[ENDPOINT_LIMIT], vm[ENDPOINT_LIMIT], card[IF_NAMESIZE];
    static const char *arguments[16] = {NAME_SERVER, "--listen", listen, "--resolver", resolver, "--host", host, "--apart-from", vm, "--interface", card, "--root",
                                        EMPTY_DIRECTORY};
    size_t count = 13;

    if (!write_address(params->names, PORT, listen, sizeof(listen)) || !write_address(params->resolver, PORT, resolver, sizeof(resolver)) ||
        !write_address(params->gateway, "", host, sizeof(host)) || !write_address(params->address, "", vm, sizeof(vm)) ||
        snprintf(card, sizeof(card), "%s", interface) >= (int)sizeof(card)) {
        errno = EINVAL;
        return NULL;
    }
    if (params->without != NULL) {
        arguments[count++] = "--without";
        arguments[count++] = params->without;
    }
    arguments[count] = NULL;
    return arguments;
}

void host_gateway_argument(struct in_addr host, char text[HOST_GATEWAY_LIMIT])
{
    char dotted[INET_ADDRSTRLEN] = "";

    inet_ntop(AF_INET, &host, dotted, sizeof(dotted));
    snprintf(text, HOST_GATEWAY_LIMIT, "--host-gateway-ip=%s", dotted);
}

void host_side_argument(const struct net_params *params, const char *interface, char text[HOST_SIDE_LIMIT])
{
    char dotted[INET_ADDRSTRLEN] = "";

    inet_ntop(AF_INET, &params->gateway, dotted, sizeof(dotted));
    snprintf(text, HOST_SIDE_LIMIT, "%s,%s", interface, dotted);
}
