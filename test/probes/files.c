/* What programs ask of a file system beside reading and writing; each gets a path, and most make a file there and leave it. */
#include "attempts.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static int open_file(const char *path)
{
	return open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
}

/* A lock keeps another descriptor out for as long as it is held. */
int attempt_flock(char **arguments)
{
	const int one = open_file(arguments[0]), other = open_file(arguments[0]);

	if (one < 0 || other < 0 || flock(one, LOCK_EX) != 0)
		return errno;
	if (flock(other, LOCK_EX | LOCK_NB) == 0)
		return EPROTO;
	if (errno != EWOULDBLOCK || flock(one, LOCK_UN) != 0)
		return errno;
	return flock(other, LOCK_EX | LOCK_NB) == 0 ? 0 : errno;
}

/* Likewise another process. */
int attempt_record_lock(char **arguments)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 10, .l_len = 5 };
	const int file = open_file(arguments[0]);
	int status;

	if (file < 0 || fcntl(file, F_SETLK, &lock) != 0)
		return errno;
	const pid_t child = fork();
	if (child == 0) {
		lock.l_len = 1;
		const int kept_out = fcntl(file, F_SETLK, &lock) != 0 && (errno == EAGAIN || errno == EACCES);
		lock.l_start = 15;
		_exit(kept_out && fcntl(file, F_SETLK, &lock) == 0 ? 0 : 1);
	}
	if (child < 0 || waitpid(child, &status, 0) != child)
		return errno;
	return status == 0 ? 0 : EPROTO;
}

/* What is written through a shared mapping is read from the file, and the other way. */
int attempt_shared_mapping(char **arguments)
{
	char read_back[6] = "";
	const int file = open_file(arguments[0]);

	if (file < 0 || ftruncate(file, 8192) != 0)
		return errno;
	char *const map = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	if (map == MAP_FAILED)
		return errno;
	memcpy(map + 4096, "mapped", 6);
	if (msync(map, 8192, MS_SYNC) != 0 || pread(file, read_back, 6, 4096) != 6 || pwrite(file, "wrote", 5, 0) != 5)
		return errno;
	return memcmp(read_back, "mapped", 6) == 0 && memcmp(map, "wrote", 5) == 0 ? 0 : EPROTO;
}

/* A socket by its path, between two descriptors. */
int attempt_unix_socket(char **arguments)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int client;

	strncpy(address.sun_path, arguments[0], sizeof address.sun_path - 1);
	const int server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (server < 0 || bind(server, (struct sockaddr *)&address, sizeof address) != 0 || listen(server, 1) != 0)
		return errno;
	return connect_unix(arguments[0], &client);
}

/* Hears of files of a directory that were written to, and says their names, until one has the second name: ETIMEDOUT where that takes a minute from the last. */
int attempt_hear(char **arguments)
{
	_Alignas(struct inotify_event) char events[4096];
	const int watch = inotify_init1(IN_CLOEXEC);
	struct pollfd heard = { .fd = watch, .events = POLLIN };

	if (watch < 0 || inotify_add_watch(watch, arguments[0], IN_CLOSE_WRITE) < 0)
		return errno;
	puts("watching");
	fflush(stdout);
	for (;;) {
		const int ready = poll(&heard, 1, 60000);
		const ssize_t length = ready == 1 ? read(watch, events, sizeof events) : -1;
		if (length < 0)
			return ready == 0 ? ETIMEDOUT : errno;
		for (const char *at = events; at < events + length;) {
			const struct inotify_event *const event = (const struct inotify_event *)(const void *)at;
			puts(event->name);
			if (strcmp(event->name, arguments[1]) == 0)
				return 0;
			at += sizeof *event + event->len;
		}
	}
}
