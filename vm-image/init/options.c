#include "options.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <string.h>

#include "fields.h"

static bool descriptor(const char *name, int index, int count, char **arguments, int *to)
{
    uint64_t number;

    if (strcmp(arguments[index], name) != 0 || index + 1 >= count || !parse_decimal(arguments[index + 1], 3, 1023, &number))
        return false;
    *to = (int)number;
    return true;
}

bool parse_options(int count, char **arguments, struct options *options)
{
    bool descriptors = false;
    struct in_addr resolver;

    *options = (struct options){.phase_descriptor = -1, .authority = -1};
    for (size_t i = 0; i < KEPT_COUNT; i++)
        options->kept[i] = -1;
    for (int i = 1; i < count; i++) {
        if (strcmp(arguments[i], "--native") == 0) {
            options->native = true;
        } else if (descriptor("--phase-fd", i, count, arguments, &options->phase_descriptor) ||
                   descriptor("--shares-fd", i, count, arguments, &options->kept[KEPT_SHARES]) ||
                   descriptor("--policy-fd", i, count, arguments, &options->kept[KEPT_POLICY]) ||
                   descriptor("--settings-fd", i, count, arguments, &options->kept[KEPT_SETTINGS]) ||
                   descriptor("--authority-fd", i, count, arguments, &options->authority) ||
                   descriptor("--registry-fd", i, count, arguments, &options->kept[KEPT_REGISTRY]) ||
                   descriptor("--publishers-fd", i, count, arguments, &options->kept[KEPT_PUBLISHERS])) {
            descriptors = true;
            i++;
        } else if (strcmp(arguments[i], "--ssh-agent") == 0) {
            options->ssh_agent = true;
        } else if (strcmp(arguments[i], "--host-dir") == 0 && i + 1 < count && arguments[i + 1][0] == '/') {
            options->host_directory = arguments[++i];
        } else if (strcmp(arguments[i], "--resolver") == 0 && i + 1 < count && inet_pton(AF_INET, arguments[i + 1], &resolver) == 1) {
            options->resolver = arguments[++i];
        } else {
            return false;
        }
    }
    return options->native == (options->host_directory != NULL) && (options->native || (!descriptors && !options->ssh_agent && options->resolver == NULL));
}
