/*
 * ends-first PORT: of each TCP connection it ends its own side at once, with a word, and takes what still comes until the other side ends as well. How many bytes that
 * were, and their FNV-1a hash, go to the standard output, a line each.
 */
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static void check(int result, const char *what)
{
	if (result < 0) {
		perror(what);
		exit(1);
	}
}

static void take_rest(int connection)
{
	unsigned char bytes[1 << 16];
	uint32_t hash = 2166136261;
	size_t taken = 0;
	ssize_t got;

	while ((got = recv(connection, bytes, sizeof bytes, 0)) > 0) {
		for (ssize_t i = 0; i < got; i++)
			hash = (hash ^ bytes[i]) * 16777619;
		taken += (size_t)got;
	}
	check((int)got, "recv");
	printf("took %zu %u\n", taken, hash);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	const int one = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	const long port = argc == 2 ? strtol(argv[1], NULL, 10) : 0;
	const struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((in_port_t)port) };

	if (port < 1 || port > 65535) {
		fputs("usage: ends-first PORT\n", stderr);
		return 64;
	}
	check(listener, "socket");
	check(setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one), "setsockopt");
	check(bind(listener, (const struct sockaddr *)&address, sizeof address), "bind");
	check(listen(listener, 16), "listen");
	for (;;) {
		const int connection = accept(listener, NULL, NULL);
		check(connection, "accept");
		if (send(connection, "over", 4, MSG_NOSIGNAL) == 4 && shutdown(connection, SHUT_WR) == 0)
			take_rest(connection);
		close(connection);
	}
}
