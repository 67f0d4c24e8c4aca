/*
 * Starts virtiofsd for one shared directory of a VM:
 *
 *   share-guard --directory FD --path PATH --socket PATH [--hide MAJOR:MINOR:INODE:RELATIVE]... -- PROGRAM ARGUMENT...
 *   share-guard --check -- PROGRAM ARGUMENT...
 *
 * FD is that directory, as it was judged; PATH is its name. The program finds it at SHARED_PLACE and a listening socket as descriptor 3, which it has
 * to be told itself. What is hidden is what has that number as well as that name.
 *
 * The guest is hostile to the server, and the server has the rights of the user. virtiofsd confines itself; what it can't know is done here: which parts of the directory
 * are the product's own, that nothing the guest writes is to be a set-user-ID program or a device of this machine, and that it must not
 * outlive the controller.
 */
#define _GNU_SOURCE
#include "guard.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#define LISTENING_FD 3
#define MAX_HIDDEN 256

_Noreturn void die(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	exit(1);
}

_Noreturn void die_text(const char *what, const char *detail)
{
	fprintf(stderr, "%s: %s\n", what, detail);
	exit(1);
}

/* Here, because where the server is no such path exists any more. */
static int listen_at(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (strlen(path) >= sizeof address.sun_path)
		die_text(path, "too long for a socket");
	memcpy(address.sun_path, path, strlen(path));
	if (fd < 0 || (unlink(path) != 0 && errno != ENOENT))
		die(path);
	umask(0177);
	if (bind(fd, (const struct sockaddr *)&address, sizeof address) != 0 || listen(fd, 1) != 0)
		die(path);
	umask(0);
	return fd;
}

static int number_of(const char *text)
{
	char *end;
	const long number = strtol(text, &end, 10);

	if (*text == '\0' || *end != '\0' || number < 3 || number > 1023)
		die_text("--directory", "the number of a descriptor is needed");
	return (int)number;
}

/* `MAJOR:MINOR:INODE:RELATIVE`: what it is, and where. */
static struct hidden hidden_of(char *text)
{
	unsigned major, minor;
	unsigned long inode;
	int length = 0;

	if (sscanf(text, "%u:%u:%lu:%n", &major, &minor, &inode, &length) != 3 || length == 0 || text[length] == '\0' || text[length] == '/')
		die_text("--hide", "a device, an inode and a relative path are needed");
	return (struct hidden){.path = text + length, .device = makedev(major, minor), .inode = inode};
}

/* The kernel takes the request back when ids or capabilities change, so after the namespaces. */
static void end_with(pid_t parent)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
		die("prctl");
	if (getppid() != parent)
		exit(1);
}

/* The server holds a descriptor for every file the guest knows of: a checkout with its dependencies has more than the usual 1,024. */
static void raise_limit(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) != 0)
		die("the limit of open files");
	files.rlim_cur = files.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &files) != 0)
		die("the limit of open files");
}

/* The socket becomes LISTENING_FD; every other descriptor ends with this program. */
static void hand_over(int socket_fd)
{
	if (close_range(LISTENING_FD, ~0U, CLOSE_RANGE_CLOEXEC) != 0)
		die("close_range");
	if (socket_fd == LISTENING_FD ? fcntl(socket_fd, F_SETFD, 0) != 0 : dup2(socket_fd, LISTENING_FD) < 0)
		die("the socket");
}

/* `share-guard --check -- PROGRAM ARGUMENT...`: runs it within the same bounds, with nothing shared. */
static _Noreturn void check(char **arguments)
{
	enter_namespaces();
	deny_system_calls();
	execv(arguments[0], arguments);
	die(arguments[0]);
}

int main(int count, char **arguments)
{
	const char *path = NULL, *socket_path = NULL;
	struct hidden hidden[MAX_HIDDEN];
	size_t hides = 0;
	int directory = -1, i;
	const pid_t parent = getppid();

	if (count > 3 && strcmp(arguments[1], "--check") == 0 && strcmp(arguments[2], "--") == 0)
		check(arguments + 3);
	for (i = 1; i + 1 < count && strcmp(arguments[i], "--") != 0; i += 2) {
		char *value = arguments[i + 1];
		if (strcmp(arguments[i], "--directory") == 0)
			directory = number_of(value);
		else if (strcmp(arguments[i], "--path") == 0)
			path = value;
		else if (strcmp(arguments[i], "--socket") == 0)
			socket_path = value;
		else if (strcmp(arguments[i], "--hide") == 0 && hides < MAX_HIDDEN)
			hidden[hides++] = hidden_of(value);
		else
			die_text(arguments[i], "unknown, or one too many");
	}
	if (directory < 0 || path == NULL || socket_path == NULL || i + 1 >= count || strcmp(arguments[i], "--") != 0)
		die_text("usage", "share-guard --directory FD --path PATH --socket PATH [--hide MAJOR:MINOR:INODE:RELATIVE]... -- PROGRAM ARGUMENT...");
	const int socket_fd = listen_at(socket_path);
	enter_namespaces();
	place_share(directory, path, hidden, hides);
	raise_limit();
	end_with(parent);
	deny_system_calls();
	hand_over(socket_fd);
	execv(arguments[i + 1], arguments + i + 1);
	die(arguments[i + 1]);
}
