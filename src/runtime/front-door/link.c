#include "link.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "log.h"
#include "paths.h"

static int64_t deadline;

static int64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int link_connect(void) {
  deadline = now_ms() + BH_DEADLINE_MS;
  const int link = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (link < 0) fail("no socket for asking bulkheadd: %s", strerror(errno));
  /* With a full backlog connect(2) would wait for ever; SO_SNDTIMEO bounds it. */
  const struct timeval limit = {.tv_sec = BH_DEADLINE_MS / 1000, .tv_usec = BH_DEADLINE_MS % 1000 * 1000};
  setsockopt(link, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  const struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = BH_SOCKET};
  while (connect(link, (const struct sockaddr *)&address, sizeof address) != 0)
    if (errno != EINTR) fail("bulkheadd, which must approve every container, does not answer (%s: %s)", BH_SOCKET, strerror(errno));
  return link;
}

static void wait_for(int link, short events) {
  struct pollfd item = {.fd = link, .events = events};
  for (;;) {
    const int64_t left = deadline - now_ms();
    const int ready = left <= 0 ? 0 : poll(&item, 1, (int)left);
    if (ready > 0) return;
    if (ready == 0) fail("bulkheadd gave no answer within %d seconds", BH_DEADLINE_MS / 1000);
    if (errno != EINTR) fail("cannot wait for bulkheadd: %s", strerror(errno));
  }
}

static void transfer(int link, char *data, size_t size, bool sending) {
  for (size_t done = 0; done < size;) {
    wait_for(link, sending ? POLLOUT : POLLIN);
    /* MSG_NOSIGNAL, because an ignored SIGPIPE would be inherited by runc. */
    const ssize_t count = sending ? send(link, data + done, size - done, MSG_NOSIGNAL | MSG_DONTWAIT)
                                  : recv(link, data + done, size - done, MSG_DONTWAIT);
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (count < 0) fail("bulkheadd ended the connection (%s)", strerror(errno));
    if (count == 0) fail("bulkheadd ended the connection before its answer was complete");
    done += (size_t)count;
  }
}

void link_send(int link, struct builder *builder) {
  builder_finish(builder);
  transfer(link, builder->data, builder->size, true);
  free(builder->data);
  *builder = (struct builder){0};
}

struct message link_receive(int link) {
  char head[4];
  transfer(link, head, sizeof head, false);
  const uint32_t size = get_u32(head);
  if (size > WIRE_MAX_PAYLOAD) fail("the answer of bulkheadd is malformed: it is too long");
  char *payload = malloc((size_t)size + 1);
  if (payload == NULL) fail("there is no memory for the answer of bulkheadd");
  transfer(link, payload, size, false);
  struct message message;
  const char *wrong = message_parse(payload, size, &message);
  if (wrong != NULL) fail("the answer of bulkheadd is malformed: %s", wrong);
  return message;
}
