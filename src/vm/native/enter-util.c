#include "enter.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

void die(const char *what)
{
	fprintf(stderr, "bulkhead-enter: %s: %s\n", what, strerror(errno));
	exit(1);
}

void die_text(const char *what, const char *detail)
{
	fprintf(stderr, "bulkhead-enter: %s: %s\n", what, detail);
	exit(1);
}

void write_file(const char *path, const char *text)
{
	const size_t length = strlen(text);
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, length) != (ssize_t)length)
		die(path);
	close(fd);
}

void make_dir(const char *path, unsigned mode)
{
	if (mkdir(path, mode) != 0 && errno != EEXIST)
		die(path);
	if (chmod(path, mode) != 0)
		die(path);
}

void must_mount(const char *source, const char *target, const char *type, unsigned long flags, const char *data)
{
	if (mount(source, target, type, flags, data) != 0)
		die(target);
}
