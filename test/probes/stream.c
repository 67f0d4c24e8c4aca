/*
 * Measures connections. What serves says `x` to whoever connects, reads all and ends with them.
 *
 * stream serve ADDRESS PORT
 * stream send ADDRESS PORT STREAMS MEGABYTES: sends so much over so many connections at once; milliseconds until the last has ended at the other side
 * stream connect ADDRESS PORT COUNT: one after the other; the median of the microseconds until `x` came
 * stream ask ADDRESS PORT COUNT NAME: as connect, but says first what a client of HTTP asks that name for
 * stream hold ADDRESS PORT COUNT [NAME]: opens them, likewise with a name, says `held`, and waits
 * stream flood ADDRESS PORT: opens and cuts them as fast as it can, 32 at once, until it is ended
 */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { most_streams = 8192, piece = 1 << 18, most_flooding = 32 };

static char bytes[piece];
static struct sockaddr_in there = {.sin_family = AF_INET};

static int check(int result, const char *what)
{
	if (result < 0) {
		perror(what);
		exit(1);
	}
	return result;
}

static double now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

/* What is said to begin with; nothing where it is empty. */
static char beginning[512];

static int open_one(void)
{
	char x;
	const int socket_ = check(socket(AF_INET, SOCK_STREAM, 0), "socket");

	check(connect(socket_, (struct sockaddr *)&there, sizeof(there)), "connect");
	if (beginning[0] != 0)
		check((int)send(socket_, beginning, strlen(beginning), MSG_NOSIGNAL), "send");
	if (recv(socket_, &x, 1, 0) != 1 || x != 'x') {
		fprintf(stderr, "no greeting\n");
		exit(1);
	}
	return socket_;
}

static void serve(void)
{
	const int listener = check(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), "socket"), poller = check(epoll_create1(0), "epoll"), on = 1;
	struct epoll_event events[256], event = {.events = EPOLLIN, .data.fd = listener};

	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	check(bind(listener, (struct sockaddr *)&there, sizeof(there)), "bind");
	check(listen(listener, 4096), "listen");
	check(epoll_ctl(poller, EPOLL_CTL_ADD, listener, &event), "epoll_ctl");
	puts("serving");
	fflush(stdout);
	for (;;) {
		const int count = epoll_wait(poller, events, 256, -1);
		for (int i = 0; i < count; i++) {
			if (events[i].data.fd == listener) {
				const int client = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
				event.data.fd = client;
				if (client >= 0 && (send(client, "x", 1, MSG_NOSIGNAL) != 1 || epoll_ctl(poller, EPOLL_CTL_ADD, client, &event) < 0))
					close(client);
				continue;
			}
			const ssize_t got = recv(events[i].data.fd, bytes, sizeof(bytes), 0);
			if (got == 0 || (got < 0 && errno != EAGAIN))
				close(events[i].data.fd);
		}
	}
}

static void send_all(int streams, double megabytes)
{
	static int sockets[most_streams];
	static double left[most_streams];
	struct epoll_event events[256];
	const int poller = check(epoll_create1(0), "epoll");
	char last;

	for (int i = 0; i < streams; i++) {
		struct epoll_event event = {.events = EPOLLOUT, .data.u32 = (unsigned)i};
		sockets[i] = open_one();
		left[i] = megabytes * 1e6 / streams;
		check(epoll_ctl(poller, EPOLL_CTL_ADD, sockets[i], &event), "epoll_ctl");
	}
	const double begun = now_us();
	for (int open_ = streams; open_ > 0;) {
		const int count = epoll_wait(poller, events, 256, -1);
		for (int i = 0; i < count; i++) {
			const unsigned which = events[i].data.u32;
			const size_t length = left[which] < piece ? (size_t)left[which] : piece;
			const ssize_t sent = length == 0 ? 0 : send(sockets[which], bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL);
			if (sent < 0 && errno != EAGAIN)
				check(-1, "send");
			if (sent > 0)
				left[which] -= (double)sent;
			if (left[which] < 1) {
				check(epoll_ctl(poller, EPOLL_CTL_DEL, sockets[which], NULL), "epoll_ctl");
				shutdown(sockets[which], SHUT_WR);
				open_--;
			}
		}
	}
	for (int i = 0; i < streams; i++)
		if (recv(sockets[i], &last, 1, 0) != 0)
			check(-1, "not ended");
	printf("%.3f\n", (now_us() - begun) / 1e3);
}

static int by_size(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void connect_all(int count)
{
	static double times[most_streams];

	for (int i = 0; i < count; i++) {
		const double begun = now_us();
		const int socket_ = open_one();
		times[i] = now_us() - begun;
		close(socket_);
	}
	qsort(times, (size_t)count, sizeof(times[0]), by_size);
	printf("%.1f\n", times[count / 2]);
}

static void hold(int count)
{
	for (int i = 0; i < count; i++)
		open_one();
	puts("held");
	fflush(stdout);
	pause();
}

static void flood(void)
{
	int sockets[most_flooding];
	const struct linger none = {.l_onoff = 1};

	for (int i = 0; i < most_flooding; i++)
		sockets[i] = -1;
	for (int i = 0;; i = (i + 1) % most_flooding) {
		if (sockets[i] >= 0) {
			setsockopt(sockets[i], SOL_SOCKET, SO_LINGER, &none, sizeof(none));
			close(sockets[i]);
		}
		sockets[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		connect(sockets[i], (struct sockaddr *)&there, sizeof(there));
	}
}

int main(int count, char **words)
{
	struct rlimit files;

	signal(SIGPIPE, SIG_IGN);
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	if (count < 4 || inet_pton(AF_INET, words[2], &there.sin_addr) != 1)
		return 64;
	there.sin_port = htons((unsigned short)atoi(words[3]));
	const int number = count > 4 ? atoi(words[4]) : 0;
	if (number > most_streams)
		return 64;
	if (count == 6 && strcmp(words[1], "send") != 0)
		snprintf(beginning, sizeof(beginning), "GET / HTTP/1.1\r\nHost: %s\r\n\r\n", words[5]);
	if (strcmp(words[1], "serve") == 0)
		serve();
	else if (strcmp(words[1], "send") == 0 && count == 6)
		send_all(number, atof(words[5]));
	else if (strcmp(words[1], "connect") == 0)
		connect_all(number);
	else if (strcmp(words[1], "ask") == 0 && count == 6)
		connect_all(number);
	else if (strcmp(words[1], "hold") == 0)
		hold(number);
	else if (strcmp(words[1], "flood") == 0)
		flood();
	else
		return 64;
	return 0;
}
