/* What a build step does with an ssh agent (draft-ietf-sshm-ssh-agent, section 3). */
#include "attempts.h"

#include <errno.h>
#include <stdint.h>
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
