/*
 * port-echo PORT: sends back what it gets, by TCP and UDP, on every address. Of a TCP connection whose other side has ended, what is left first. A datagram's
 * sender goes to the standard output, a line each.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { most_events = 256, most_held = 1 << 16 };

struct connection {
	int socket;
	bool ended;
	size_t held, sent;
	char bytes[most_held];
};

static int poller, listener, datagrams;

static void check(bool done, const char *what)
{
	if (!done) {
		perror(what);
		exit(1);
	}
}

static int bound(int type, in_port_t port)
{
	const struct sockaddr_in6 address = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	const int one = 1, zero = 0;
	const int made = socket(AF_INET6, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	check(made >= 0 && setsockopt(made, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) == 0 &&
		      setsockopt(made, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof zero) == 0 &&
		      bind(made, (const struct sockaddr *)&address, sizeof address) == 0,
	      "bind");
	return made;
}

static void watch(int socket, void *about, unsigned int events, int how)
{
	struct epoll_event event = { .events = events, .data.ptr = about };
	check(epoll_ctl(poller, how, socket, &event) == 0, "epoll_ctl");
}

static void take_connections(void)
{
	for (int taken; (taken = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0;) {
		struct connection *connection = calloc(1, sizeof *connection);
		check(connection != NULL, "calloc");
		connection->socket = taken;
		watch(taken, connection, EPOLLIN, EPOLL_CTL_ADD);
	}
}

static void answer_datagrams(void)
{
	char bytes[1 << 16], name[INET6_ADDRSTRLEN];
	struct sockaddr_in6 from;
	socklen_t length = sizeof from;
	for (ssize_t got; (got = recvfrom(datagrams, bytes, sizeof bytes, 0, (struct sockaddr *)&from, &length)) >= 0;) {
		inet_ntop(AF_INET6, &from.sin6_addr, name, sizeof name);
		printf("%s %d\n", strncmp(name, "::ffff:", 7) == 0 ? name + 7 : name, ntohs(from.sin6_port));
		fflush(stdout);
		sendto(datagrams, bytes, (size_t)got, 0, (struct sockaddr *)&from, length);
		length = sizeof from;
	}
}

static void drop(struct connection *connection)
{
	close(connection->socket);
	free(connection);
}

static void serve(struct connection *connection)
{
	if (connection->held == 0 && !connection->ended) {
		const ssize_t got = recv(connection->socket, connection->bytes, most_held, 0);
		if (got < 0 && errno == EAGAIN)
			return;
		if (got < 0)
			return drop(connection);
		connection->ended = got == 0;
		connection->held = (size_t)got;
		connection->sent = 0;
	}
	while (connection->sent < connection->held) {
		const ssize_t put = send(connection->socket, connection->bytes + connection->sent,
					 connection->held - connection->sent, MSG_NOSIGNAL);
		if (put < 0 && errno == EAGAIN)
			return watch(connection->socket, connection, EPOLLOUT, EPOLL_CTL_MOD);
		if (put < 0)
			return drop(connection);
		connection->sent += (size_t)put;
	}
	connection->held = 0;
	if (connection->ended)
		return drop(connection);
	watch(connection->socket, connection, EPOLLIN, EPOLL_CTL_MOD);
}

int main(int argc, char **argv)
{
	struct rlimit files;
	struct epoll_event events[most_events];
	const long port = argc == 2 ? strtol(argv[1], NULL, 10) : 0;

	if (port < 1 || port > 65535) {
		fputs("usage: port-echo PORT\n", stderr);
		return 64;
	}
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	poller = epoll_create1(EPOLL_CLOEXEC);
	check(poller >= 0, "epoll_create1");
	listener = bound(SOCK_STREAM, (in_port_t)port);
	datagrams = bound(SOCK_DGRAM, (in_port_t)port);
	check(listen(listener, 4096) == 0, "listen");
	watch(listener, &listener, EPOLLIN, EPOLL_CTL_ADD);
	watch(datagrams, &datagrams, EPOLLIN, EPOLL_CTL_ADD);
	puts("ready");
	fflush(stdout);
	for (;;) {
		const int ready = epoll_wait(poller, events, most_events, -1);
		for (int i = 0; i < ready; i++) {
			if (events[i].data.ptr == &listener)
				take_connections();
			else if (events[i].data.ptr == &datagrams)
				answer_datagrams();
			else
				serve(events[i].data.ptr);
		}
	}
}
