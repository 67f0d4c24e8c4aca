/*
 * The network side of a stand-in for testcontainers' reaper: takes connections on port 8080, answers each line, a filter of what is to be removed, with
 * ACK and prints it, and ends when the last connection has been gone for as long as RYUK_RECONNECTION_TIMEOUT says. Then its parent removes.
 */
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { port = 8080, most_clients = 15, longest_line = 1024, first_client_ms = 60000, reconnection_ms = 10000 };

struct client {
	char line[longest_line];
	size_t length;
};

static int listen_on_port(void)
{
	const struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };
	const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (listener < 0 || bind(listener, (const struct sockaddr *)&address, sizeof address) != 0 ||
	    listen(listener, most_clients) != 0) {
		perror("reaper: port 8080");
		exit(1);
	}
	return listener;
}

/* A Go duration in whole seconds, the only form the tests use: "2s". */
static int reconnection_timeout_ms(void)
{
	const char *text = getenv("RYUK_RECONNECTION_TIMEOUT");
	char *end = NULL;
	if (text == NULL)
		return reconnection_ms;
	const long seconds = strtol(text, &end, 10);
	if (end == text || strcmp(end, "s") != 0 || seconds < 0 || seconds > 60) {
		fprintf(stderr, "reaper: RYUK_RECONNECTION_TIMEOUT=%s\n", text);
		exit(1);
	}
	return (int)seconds * 1000;
}

static int answer_line(struct client *client, int connection)
{
	client->line[client->length] = '\0';
	client->length = 0;
	client->line[strcspn(client->line, "\r")] = '\0';
	if (client->line[0] == '\0')
		return 0;
	if (puts(client->line) < 0 || fflush(stdout) != 0)
		return -1;
	return send(connection, "ACK\n", 4, MSG_NOSIGNAL) == 4 ? 0 : -1;
}

/* -1 when the connection is over. */
static int read_lines(struct client *client, int connection)
{
	char bytes[longest_line];
	const ssize_t got = read(connection, bytes, sizeof bytes);
	if (got <= 0)
		return -1;
	for (ssize_t at = 0; at < got; at++) {
		if (bytes[at] == '\n') {
			if (answer_line(client, connection) != 0)
				return -1;
		} else if (client->length + 1 < sizeof client->line) {
			client->line[client->length++] = bytes[at];
		} else {
			return -1;
		}
	}
	return 0;
}

int main(void)
{
	struct pollfd watched[1 + most_clients];
	struct client clients[1 + most_clients];
	nfds_t count = 1;
	int patience_ms = first_client_ms;
	const int after_ms = reconnection_timeout_ms();

	watched[0] = (struct pollfd){ .fd = listen_on_port() };
	fputs("Started\n", stderr); /* what testcontainers waits for in the log */
	for (;;) {
		watched[0].events = count <= most_clients ? POLLIN : 0;
		const int ready = poll(watched, count, count == 1 ? patience_ms : -1);
		if (ready == 0)
			return 0;
		if (ready < 0 && errno != EINTR)
			return 1;
		if (ready < 0)
			continue;
		for (nfds_t at = count - 1; at >= 1; at--) {
			if (watched[at].revents == 0 || read_lines(&clients[at], watched[at].fd) == 0)
				continue;
			close(watched[at].fd);
			count--;
			watched[at] = watched[count];
			clients[at] = clients[count];
		}
		if ((watched[0].revents & POLLIN) == 0)
			continue;
		const int connection = accept4(watched[0].fd, NULL, NULL, SOCK_CLOEXEC);
		if (connection < 0)
			continue;
		watched[count] = (struct pollfd){ .fd = connection, .events = POLLIN };
		clients[count].length = 0;
		count++;
		patience_ms = after_ms;
	}
}
