#include "net_params.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <string.h>

#include "cmdline.h"
#include "fields.h"

#define VALUE_LIMIT 128

bool parse_net_params(const char *text, struct net_params *params)
{
    char copy[VALUE_LIMIT];
    char *fields[3];
    char *parts[2];
    uint64_t prefix;

    if (strlen(text) >= sizeof(copy))
        return false;
    strcpy(copy, text);
    if (split_fields(copy, ',', fields, 3) != 3 || split_fields(fields[0], '/', parts, 2) != 2)
        return false;
    if (inet_pton(AF_INET, parts[0], &params->address) != 1 || !parse_decimal(parts[1], 1, 30, &prefix) ||
        inet_pton(AF_INET, fields[1], &params->gateway) != 1 || inet_pton(AF_INET, fields[2], &params->resolver) != 1)
        return false;
    params->netmask.s_addr = htonl(UINT32_MAX << (32 - prefix));
    return ((params->address.s_addr ^ params->gateway.s_addr) & params->netmask.s_addr) == 0;
}

bool net_params_of_cmdline(const char *cmdline, struct net_params *params)
{
    char value[VALUE_LIMIT];

    switch (cmdline_value(cmdline, NET_KEY, value, sizeof(value))) {
    case CMDLINE_OK:
        return parse_net_params(value, params);
    case CMDLINE_ABSENT:
        return parse_net_params(NET_DEFAULT, params);
    default:
        return false;
    }
}
