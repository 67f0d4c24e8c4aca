#include "egress.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <unistd.h>

#include "../../src/egress/network/way.h"
#include "services.h"

/* bulkheadd connects there (src/daemon/egress-relay) */
#define DOOR_PATH "/run/bulkhead/egress.sock"

/*
 * Each connection that is relayed is a stream of the control channel, of which there may be 4,096 at once (src/channel/http2-settings.ts), and those to the engine are among them: with as many files as
 * this the relay has 1,897.
 */
#define MOST_FILES 5000

static const char *const ARGUMENTS[] = {"/usr/lib/bulkhead/egress-relay", NULL};
static const char *const ENVIRONMENT[] = {NULL};

const struct service_definition EGRESS_RELAY = {.name = "egress-relay", .arguments = ARGUMENTS, .environment = ENVIRONMENT, .most_files = MOST_FILES};

bool open_egress(int descriptors[EGRESS_DESCRIPTORS], bool is_read, const char **what)
{
    struct egress_sockets sockets;

    for (size_t i = 0; i < EGRESS_DESCRIPTORS; i++)
        descriptors[i] = -1;
    *what = DOOR_PATH;
    const int door = listen_at(DOOR_PATH);
    /* the relay takes of it what there is, and does not wait */
    if (door < 0 || fcntl(door, F_SETFL, O_NONBLOCK) != 0)
        return false;
    if (!egress_make_way(&sockets, is_read, what)) {
        const int error = errno;
        close(door);
        errno = error;
        return false;
    }
    const int made[EGRESS_DESCRIPTORS] = {door, sockets.tcp4, sockets.tcp6, sockets.udp4, sockets.udp6};
    for (size_t i = 0; i < EGRESS_DESCRIPTORS; i++)
        descriptors[i] = made[i];
    return true;
}
