#include "net_params.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <string.h>

#include "cmdline.h"
#include "../../src/egress/network/way.h"
#include "fields.h"

#define VALUE_LIMIT 128

static bool is_beside(const struct net_params *params, struct in_addr other)
{
    return ((params->address.s_addr ^ other.s_addr) & params->netmask.s_addr) == 0;
}

bool parse_net_params(const char *text, struct net_params *params)
{
    char copy[VALUE_LIMIT];
    char *fields[4];
    char *parts[2];
    uint64_t prefix;

    if (strlen(text) >= sizeof(copy))
        return false;
    strcpy(copy, text);
    params->names.s_addr = 0;
    params->without = NULL;
    params->search[0] = '\0';
    params->flows = FLOWS_DEFAULT;
    params->gateway_reached = false;
    params->restricted = false;
    const size_t count = split_fields(copy, ',', fields, 4);
    if (count < 3 || count > 4 || split_fields(fields[0], '/', parts, 2) != 2)
        return false;
    if (inet_pton(AF_INET, parts[0], &params->address) != 1 || !parse_decimal(parts[1], 1, 30, &prefix) ||
        inet_pton(AF_INET, fields[1], &params->gateway) != 1 || inet_pton(AF_INET, fields[2], &params->resolver) != 1 ||
        (count == 4 && inet_pton(AF_INET, fields[3], &params->names) != 1))
        return false;
    params->netmask.s_addr = htonl(UINT32_MAX << (32 - prefix));
    params->host = params->gateway;
    return is_beside(params, params->gateway) && (count == 3 || (is_beside(params, params->names) && params->names.s_addr != params->address.s_addr));
}

static bool read_without(const char *cmdline, const char **without)
{
    static const char *const WORDS[] = {"ipv4", "ipv6"};
    char value[VALUE_LIMIT];

    switch (cmdline_value(cmdline, WITHOUT_KEY, value, sizeof(value))) {
    case CMDLINE_ABSENT:
        return true;
    case CMDLINE_OK:
        for (size_t i = 0; i < sizeof(WORDS) / sizeof(WORDS[0]); i++)
            if (strcmp(value, WORDS[i]) == 0)
                *without = WORDS[i];
        return *without != NULL;
    default:
        return false;
    }
}

static bool read_search(const char *cmdline, char *search)
{
    switch (cmdline_value(cmdline, SEARCH_KEY, search, SEARCH_LIMIT)) {
    case CMDLINE_ABSENT:
        search[0] = '\0';
        return true;
    case CMDLINE_OK:
        if (search[0] == '\0' || strspn(search, "abcdefghijklmnopqrstuvwxyz0123456789-_.,") != strlen(search))
            return false;
        for (char *comma = search; (comma = strchr(comma, ',')) != NULL;)
            *comma = ' ';
        return true;
    default:
        return false;
    }
}

static bool read_loopback(const char *cmdline, bool *reached)
{
    char value[VALUE_LIMIT];

    switch (cmdline_value(cmdline, LOOPBACK_KEY, value, sizeof(value))) {
    case CMDLINE_ABSENT:
        return true;
    case CMDLINE_OK:
        *reached = strcmp(value, "reached") == 0;
        return *reached;
    default:
        return false;
    }
}

/* Threat: an address of the card's network is an address of the host's. So there is no such network, and what the loopback of the host may be asked the gateway decides. */
static bool read_egress(const char *cmdline, struct net_params *params)
{
    char value[VALUE_LIMIT];

    switch (cmdline_value(cmdline, EGRESS_KEY, value, sizeof(value))) {
    case CMDLINE_ABSENT:
        return true;
    case CMDLINE_OK:
        params->restricted = strcmp(value, "gateway") == 0;
        params->gateway_reached = false;
        params->netmask.s_addr = INADDR_BROADCAST;
        params->names.s_addr = 0;
        return params->restricted && inet_pton(AF_INET, EGRESS_WAY4, &params->resolver) == 1 && inet_pton(AF_INET, EGRESS_HOST4, &params->host) == 1;
    default:
        return false;
    }
}

static bool read_flows(const char *cmdline, uint32_t *flows)
{
    char value[VALUE_LIMIT];
    uint64_t number;

    switch (cmdline_value(cmdline, FLOWS_KEY, value, sizeof(value))) {
    case CMDLINE_ABSENT:
        return true;
    case CMDLINE_OK:
        if (!parse_decimal(value, FLOWS_LEAST, FLOWS_MOST, &number))
            return false;
        *flows = (uint32_t)number;
        return true;
    default:
        return false;
    }
}

static bool read_others(const char *cmdline, struct net_params *params)
{
    return read_without(cmdline, &params->without) && read_search(cmdline, params->search) && read_loopback(cmdline, &params->gateway_reached) && read_flows(cmdline, &params->flows) &&
           read_egress(cmdline, params);
}

bool net_params_of_cmdline(const char *cmdline, struct net_params *params)
{
    char value[VALUE_LIMIT];

    switch (cmdline_value(cmdline, NET_KEY, value, sizeof(value))) {
    case CMDLINE_OK:
        return parse_net_params(value, params) && read_others(cmdline, params);
    case CMDLINE_ABSENT:
        return parse_net_params(NET_DEFAULT, params) && read_others(cmdline, params);
    default:
        return false;
    }
}

bool gateway_refused(const struct net_params *params)
{
    return !params->gateway_reached && params->gateway.s_addr != params->resolver.s_addr;
}
