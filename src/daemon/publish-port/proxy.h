#ifndef BULKHEAD_PROXY_H
#define BULKHEAD_PROXY_H

#include <stdbool.h>
#include <sys/types.h>

/** Descriptors dockerd passes to its proxy (libnetwork/portmapper/proxy_linux.go): where it is answered, and the bound socket. */
#define ANSWER_FD 3
#define LISTEN_FD 4

/** Goes where docker-proxies are counted; false with errno, EAGAIN where there are too many. */
bool proxy_limit(void);

/** Becomes docker-proxy, with everything as dockerd gave it. Returns only on failure, with errno. */
void proxy_become(char **arguments);

/** Starts docker-proxy on LISTEN_FD as a child that ends with this process. The pid, or -1 with errno. */
pid_t proxy_start(char **arguments);

/** Whether docker-proxy has nothing open but what it listens at: no connection, and no sender of a datagram within its 90 s. */
bool proxy_is_idle(pid_t pid);

/** Ends a docker-proxy that is idle. What comes meanwhile waits at LISTEN_FD, which stays open here. False where it has got something to do. */
bool proxy_end_idle(pid_t pid);

#endif
