/* data write|read|sync FILE, as fio's sequential and fsync jobs: 64 MiB in blocks of 128 KiB, written back, or read after the page cache was
 * told to forget them, or 100 appends of 4 KiB with fdatasync(2) after each. */
#include "timing.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { PASSES = 10, BLOCK = 128 * 1024, BLOCKS = 512, RECORD = 4096, RECORDS = 100 };

static const char *path;
static char block[BLOCK];

static int open_file(int flags) {
	int file = open(path, flags | O_CREAT | O_CLOEXEC, 0644);
	check(file, "open");
	return file;
}

/* Written back before it counts as written. */
static void write_pass(void) {
	int file = open_file(O_WRONLY | O_TRUNC);
	for (int i = 0; i < BLOCKS; i++)
		check(write(file, block, BLOCK) == BLOCK ? 0 : -1, "write");
	check(fsync(file), "fsync");
	check(close(file), "close");
}

static void read_pass(void) {
	int file = open_file(O_RDONLY);
	check(posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED) == 0 ? 0 : -1, "posix_fadvise");
	for (int i = 0; i < BLOCKS; i++)
		check(read(file, block, BLOCK) == BLOCK ? 0 : -1, "read");
	check(close(file), "close");
}

static void sync_pass(void) {
	int file = open_file(O_WRONLY | O_TRUNC | O_APPEND);
	for (int i = 0; i < RECORDS; i++) {
		check(write(file, block, RECORD) == RECORD ? 0 : -1, "write");
		check(fdatasync(file), "fdatasync");
	}
	check(close(file), "close");
}

int main(int count, char **arguments) {
	if (count != 3)
		return 64;
	path = arguments[2];
	if (strcmp(arguments[1], "write") == 0)
		return print_fastest(PASSES, write_pass);
	if (strcmp(arguments[1], "sync") == 0)
		return print_fastest(PASSES, sync_pass);
	if (strcmp(arguments[1], "read") != 0)
		return 64;
	write_pass();
	return print_fastest(PASSES, read_pass);
}
