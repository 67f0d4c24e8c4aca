/*
 * port-echo FIRST [LAST]: sends back what it gets, by TCP and UDP, on every address and all ports of the range. Of a TCP connection whose other side has ended, what is left first. A datagram's
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

enum { most_events = 256, most_held = 1 << 16, most_ports = 256 };

struct connection {
	int socket;
	bool ended;
	size_t held, sent;
	char bytes[most_held];
};

static int poller, listeners[most_ports], datagrams[most_ports];

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

static void take_connections(int listener)
{
	for (int taken; (taken = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0;) {
		struct connection *connection = calloc(1, sizeof *connection);
		check(connection != NULL, "calloc");
		connection->socket = taken;
		watch(taken, connection, EPOLLIN, EPOLL_CTL_ADD);
	}
}

static void answer_datagrams(int socket)
{
	char bytes[1 << 16], name[INET6_ADDRSTRLEN];
	struct sockaddr_in6 from;
	socklen_t length = sizeof from;
	for (ssize_t got; (got = recvfrom(socket, bytes, sizeof bytes, 0, (struct sockaddr *)&from, &length)) >= 0;) {
		inet_ntop(AF_INET6, &from.sin6_addr, name, sizeof name);
		printf("%s %d\n", strncmp(name, "::ffff:", 7) == 0 ? name + 7 : name, ntohs(from.sin6_port));
		fflush(stdout);
		sendto(socket, bytes, (size_t)got, 0, (struct sockaddr *)&from, length);
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

static void open_port(int index, in_port_t port)
{
	listeners[index] = bound(SOCK_STREAM, port);
	datagrams[index] = bound(SOCK_DGRAM, port);
	check(listen(listeners[index], 4096) == 0, "listen");
	watch(listeners[index], &listeners[index], EPOLLIN, EPOLL_CTL_ADD);
	watch(datagrams[index], &datagrams[index], EPOLLIN, EPOLL_CTL_ADD);
}

static bool is_of(const void *about, const int *sockets)
{
	return (const char *)about >= (const char *)sockets && (const char *)about < (const char *)(sockets + most_ports);
}

int main(int argc, char **argv)
{
	struct rlimit files;
	struct epoll_event events[most_events];
	const long first = argc == 2 || argc == 3 ? strtol(argv[1], NULL, 10) : 0;
	const long last = argc == 3 ? strtol(argv[2], NULL, 10) : first;

	if (first < 1 || last < first || last > 65535 || last - first >= most_ports) {
		fputs("usage: port-echo FIRST [LAST]\n", stderr);
		return 64;
	}
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	poller = epoll_create1(EPOLL_CLOEXEC);
	check(poller >= 0, "epoll_create1");
	for (long port = first; port <= last; port++)
		open_port((int)(port - first), (in_port_t)port);
	puts("ready");
	fflush(stdout);
	for (;;) {
		const int ready = epoll_wait(poller, events, most_events, -1);
		for (int i = 0; i < ready; i++) {
			if (is_of(events[i].data.ptr, listeners))
				take_connections(*(int *)events[i].data.ptr);
			else if (is_of(events[i].data.ptr, datagrams))
				answer_datagrams(*(int *)events[i].data.ptr);
			else
				serve(events[i].data.ptr);
		}
	}
}
