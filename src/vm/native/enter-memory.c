/*
 * Files in memory, sealed before anything runs in the engine: what bulkheadd reads after each restart is what it read at first, whoever
 * changes the file it was made of meanwhile (memfd_create(2), F_ADD_SEALS of fcntl(2)).
 */
#include "enter.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* Bytes; as `largestPolicy` of src/policy/read-settings.ts, which refuses one of more. */
#define DOCUMENT_LIMIT (8 << 20)

int descriptor_of(char *text, char end, char **rest)
{
	const unsigned long number = strtoul(text, rest, 10);

	if (*rest == text || **rest != end || number < 3 || number > 1023)
		die_text("descriptor", "malformed");
	return (int)number;
}

int memory_file(const char *name)
{
	const int fd = memfd_create(name, MFD_ALLOW_SEALING);

	if (fd < 0)
		die("memfd_create");
	return fd;
}

void memory_seal(int fd)
{
	if (fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) != 0)
		die("F_ADD_SEALS");
}

int sealed_copy(int fd, const char *what)
{
	static char bytes[4096];
	const int copy = memory_file(what);
	size_t total = 0;

	for (;;) {
		const ssize_t got = read(fd, bytes, sizeof bytes);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			die(what);
		if (got == 0)
			break;
		total += (size_t)got;
		if (total > DOCUMENT_LIMIT)
			die_text(what, "larger than 8 MiB");
		if (write(copy, bytes, (size_t)got) != got)
			die(what);
	}
	close(fd);
	memory_seal(copy);
	return copy;
}
