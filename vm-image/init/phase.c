#include "phase.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "json.h"
#include "log.h"

#define WRITE_DEADLINE_MS 1000

static int sink = -1;

void phase_open(int descriptor)
{
    sink = descriptor;
}

int phase_descriptor(void)
{
    return sink;
}

static void write_line(const char *line)
{
    size_t length = strlen(line);
    struct pollfd ready = {.fd = sink, .events = POLLOUT};

    if (sink < 0)
        return;
    for (size_t used = 0; used < length;) {
        if (poll(&ready, 1, WRITE_DEADLINE_MS) <= 0 || (ready.revents & POLLOUT) == 0) {
            log_line("phase not taken by the host: %s", line);
            return;
        }
        ssize_t written = write(sink, line + used, length - used);
        if (written < 0 && errno != EINTR && errno != EAGAIN)
            return;
        if (written > 0)
            used += (size_t)written;
    }
}

void phase_report(const char *name)
{
    char line[128];

    snprintf(line, sizeof(line), "{\"phase\":\"%s\",\"uptimeMs\":%" PRId64 "}\n", name, uptime_ms());
    write_line(line);
}

void phase_failure(const char *code, const char *detail)
{
    char escaped[384];
    char line[512];

    json_escape(detail, escaped, sizeof(escaped));
    snprintf(line, sizeof(line), "{\"failure\":\"%s\",\"detail\":\"%s\"}\n", code, escaped);
    write_line(line);
    log_line("%s: %s", code, detail);
}
