/*
 * many-flows udp ADDRESS PORT COUNT: sends a datagram from each of so many ports. Prints how many were sent.
 * many-flows tcp ADDRESS PORT COUNT: begins so many connections at once. Prints how many are there, how many were refused, and the milliseconds until all are one or the other, 30 s at most.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { most_events = 256, first_port = 1024, last_port = 65535, patience_ms = 30000 };

static struct sockaddr_in there = {.sin_family = AF_INET};

static int now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int)(now.tv_sec * 1000 + now.tv_nsec / 1000000);
}

static void datagrams(int count)
{
	int sent = 0;

	for (int i = 0; i < count; i++) {
		const struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons((in_port_t)(first_port + i % (last_port - first_port)))};
		const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

		sent += fd >= 0 && bind(fd, (const struct sockaddr *)&here, sizeof here) == 0 && sendto(fd, "x", 1, 0, (const struct sockaddr *)&there, sizeof there) == 1;
		close(fd);
	}
	printf("%d\n", sent);
}

static void connections(int count)
{
	const int poller = epoll_create1(EPOLL_CLOEXEC), begun = now_ms();
	const struct rlimit files = {1 << 16, 1 << 16};
	int open = 0, refused = 0;

	setrlimit(RLIMIT_NOFILE, &files);
	for (int i = 0; i < count; i++) {
		const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		struct epoll_event event = {.events = EPOLLOUT | EPOLLET, .data.fd = fd};

		if (fd < 0 || (connect(fd, (const struct sockaddr *)&there, sizeof there) != 0 && errno != EINPROGRESS) || epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event) != 0)
			refused++;
	}
	while (open + refused < count && now_ms() - begun < patience_ms) {
		struct epoll_event events[most_events];
		const int got = epoll_wait(poller, events, most_events, 1000);

		for (int i = 0; i < got; i++) {
			int error = 0;
			socklen_t size = sizeof error;
			getsockopt(events[i].data.fd, SOL_SOCKET, SO_ERROR, &error, &size);
			if (error == 0)
				open++;
			else
				refused++;
		}
	}
	printf("%d %d %d\n", open, refused, now_ms() - begun);
}

int main(int argc, char **argv)
{
	if (argc != 5 || inet_pton(AF_INET, argv[2], &there.sin_addr) != 1) {
		fputs("usage: many-flows udp|tcp ADDRESS PORT COUNT\n", stderr);
		return 64;
	}
	there.sin_port = htons((in_port_t)atoi(argv[3]));
	(strcmp(argv[1], "udp") == 0 ? datagrams : connections)(atoi(argv[4]));
	return 0;
}
