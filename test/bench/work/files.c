/* Creates, writes, stats and unlinks 100 files in the working directory, 200 times over. */
#include "timing.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PASSES = 200, FILES = 100 };

static void name_file(char name[32], int index) { snprintf(name, 32, "file-%d", index); }

static void pass(void) {
	char name[32];
	for (int i = 0; i < FILES; i++) {
		name_file(name, i);
		int file = open(name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0644);
		check(file, "open");
		check((int)write(file, name, sizeof name), "write");
		check(close(file), "close");
	}
	for (int i = 0; i < FILES; i++) {
		struct stat facts;
		name_file(name, i);
		check(stat(name, &facts), "stat");
	}
	for (int i = 0; i < FILES; i++) {
		name_file(name, i);
		check(unlink(name), "unlink");
	}
}

int main(void) { return print_fastest(PASSES, pass); }
