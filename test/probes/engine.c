/* What a container does with a Docker socket, without the size of Docker's own client. */
#include "attempts.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int connect_unix(const char *path, int *connected)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof address.sun_path)
		return ENAMETOOLONG;
	strcpy(address.sun_path, path);
	const int to = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (to < 0)
		return errno;
	if (connect(to, (struct sockaddr *)&address, sizeof address) != 0) {
		const int error = errno;
		close(to);
		return error;
	}
	*connected = to;
	return 0;
}

/* SOCKET METHOD TARGET: prints what is answered to one request without a body, head and all. */
int attempt_ask_engine(char **arguments)
{
	char piece[4096];
	ssize_t got;
	int engine;

	const int error = connect_unix(arguments[0], &engine);
	if (error != 0)
		return error;
	if (dprintf(engine, "%s %s HTTP/1.1\r\nHost: docker\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
		    arguments[1], arguments[2]) < 0)
		return errno;
	while ((got = read(engine, piece, sizeof piece)) > 0) {
		if (fwrite(piece, 1, (size_t)got, stdout) != (size_t)got)
			return errno;
	}
	puts("");
	return got == 0 ? 0 : errno;
}
