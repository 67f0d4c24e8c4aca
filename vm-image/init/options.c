#include "options.h"

#include <stdint.h>
#include <string.h>

#include "fields.h"

bool parse_options(int count, char **arguments, struct options *options)
{
    *options = (struct options){.phase_descriptor = -1, .shares_descriptor = -1};
    for (int i = 1; i < count; i++) {
        uint64_t number;
        if (strcmp(arguments[i], "--native") == 0) {
            options->native = true;
        } else if (strcmp(arguments[i], "--phase-fd") == 0 && i + 1 < count && parse_decimal(arguments[i + 1], 3, 1023, &number)) {
            options->phase_descriptor = (int)number;
            i++;
        } else if (strcmp(arguments[i], "--shares-fd") == 0 && i + 1 < count && parse_decimal(arguments[i + 1], 3, 1023, &number)) {
            options->shares_descriptor = (int)number;
            i++;
        } else if (strcmp(arguments[i], "--ssh-agent") == 0) {
            options->ssh_agent = true;
        } else if (strcmp(arguments[i], "--host-dir") == 0 && i + 1 < count && arguments[i + 1][0] == '/') {
            options->host_directory = arguments[++i];
        } else {
            return false;
        }
    }
    return options->native == (options->host_directory != NULL) && (options->native || (options->phase_descriptor < 0 && options->shares_descriptor < 0 && !options->ssh_agent));
}
