/* What a build step or a container does with an ssh agent (draft-ietf-sshm-ssh-agent, section 3). */
#include "attempts.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { request_identities = 11, identities_answer = 12 };

static int read_all(int from, uint8_t *to, size_t size)
{
	for (size_t got = 0; got < size;) {
		const ssize_t more = read(from, to + got, size - got);
		if (more <= 0)
			return more == 0 ? ECONNRESET : errno;
		got += (size_t)more;
	}
	return 0;
}

static int ask(int agent)
{
	static const uint8_t request[] = { 0, 0, 0, 1, request_identities };
	uint8_t head[5], keys[4];

	if (write(agent, request, sizeof request) != (ssize_t)sizeof request)
		return errno;
	int error = read_all(agent, head, sizeof head);
	if (error == 0 && head[4] != identities_answer)
		error = EBADMSG;
	if (error == 0)
		error = read_all(agent, keys, sizeof keys);
	return error == 0 && keys[3] == 0 ? ENOENT : error;
}

/* Asks the agent for its keys; it must have one. */
int attempt_agent_keys(char **arguments)
{
	int agent;
	int error = connect_unix(arguments[0], &agent);
	if (error != 0)
		return error;
	error = ask(agent);
	close(agent);
	return error;
}

enum { longest_answer = 4096, longest_request = 512 * 1024 };

/* Bytes of a text of hexadecimal digits, or -1. */
static ssize_t bytes_of(const char *text, uint8_t *to, size_t room)
{
	const size_t digits = strlen(text);

	if (digits % 2 != 0 || digits / 2 > room)
		return -1;
	for (size_t i = 0; i < digits / 2; i++) {
		unsigned byte;
		if (sscanf(text + 2 * i, "%2x", &byte) != 1)
			return -1;
		to[i] = (uint8_t)byte;
	}
	return (ssize_t)(digits / 2);
}

static int say_answer(int agent)
{
	uint8_t head[4], answer[longest_answer];
	int error = read_all(agent, head, sizeof head);

	if (error != 0)
		return error;
	const size_t length = (size_t)head[0] << 24 | (size_t)head[1] << 16 | (size_t)head[2] << 8 | head[3];
	if (length > sizeof answer)
		return EMSGSIZE;
	error = read_all(agent, answer, length);
	for (size_t i = 0; error == 0 && i < length; i++)
		printf("%02x", answer[i]);
	puts("");
	return error;
}

/* Sends an agent the bytes of the second word as they are, its length included, and prints what it answers. */
int attempt_agent_say(char **arguments)
{
	static uint8_t request[longest_request];
	const ssize_t length = bytes_of(arguments[1], request, sizeof request);
	int agent;

	if (length < 0)
		return EINVAL;
	int error = connect_unix(arguments[0], &agent);
	if (error != 0)
		return error;
	for (ssize_t sent = 0; error == 0 && sent < length;) {
		const ssize_t more = write(agent, request + sent, (size_t)(length - sent));
		if (more < 0)
			error = errno;
		else
			sent += more;
	}
	if (error == 0)
		error = say_answer(agent);
	close(agent);
	return error;
}

enum { most_held = 512 };

/*
 * Opens as many connections as the second word says, each as another user, and keeps those that are left open, for ever. Each time one was closed it prints how many
 * there still are.
 */
int attempt_agent_hold(char **arguments)
{
	static struct pollfd held[most_held];
	const nfds_t wanted = strtoul(arguments[1], NULL, 10);
	nfds_t open = wanted;

	if (wanted > most_held)
		return EINVAL;
	for (nfds_t i = 0; i < wanted; i++) {
		if (seteuid((uid_t)i) != 0)
			return errno;
		const int error = connect_unix(arguments[0], &held[i].fd);
		if (error != 0 || seteuid(0) != 0)
			return error != 0 ? error : errno;
	}
	while (open > 0 && poll(held, wanted, -1) >= 0) {
		for (nfds_t i = 0; i < wanted; i++) {
			if (held[i].fd < 0 || (held[i].revents & (POLLHUP | POLLERR)) == 0)
				continue;
			close(held[i].fd);
			held[i].fd = -1;
			open--;
		}
		printf("%lu\n", (unsigned long)open);
		fflush(stdout);
	}
	return ECONNRESET;
}
