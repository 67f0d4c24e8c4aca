/*
 * share-load DIRECTORY WORKS MEBIBYTES PROGRAM ARGUMENT...: what a checkout asks of a shared directory, in DIRECTORY. Prints the milliseconds of the fastest of four passes of each of WORKS, names with commas between:
 * `status`, the program, which must have nothing to say (`git status` of a clean tree); `install`, removing 3,000 small files in 300 directories, writing them anew in another
 * place and moving that here, as an installation of packages does; `write`, so many MiB and fsync; `read`, the same back.
 *
 * share-load DIRECTORY run TIMES PROGRAM ARGUMENT...: the milliseconds of each of so many runs of the program, a line each; it has to end well. The first begins some seconds after this, when the engine has done with the start of the container.
 *
 * share-load DIRECTORY watch: looks at the file `watched` there each 100 ms, as programs do that poll, writes its size into `seen` whenever it is another, and ends when the file is gone.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../work/timing.h"

#define DIRECTORIES 300
#define FILES 10
#define SMALL 4096
/* On an emulated machine one pass of small files takes a third longer than the next, whoever serves them; and each processor has its turn. */
#define PASSES 4
/* s; on an emulated machine engine, runtime and shim go on for so long after the first instruction of a container, on the processors it is measured on */
#define SETTLED 4

static char block[1 << 20];
static const char *works;
static int mebibytes;
static char **program;

static void await_end(pid_t child) {
	int ended;
	check(waitpid(child, &ended, 0), "waitpid");
	errno = ECHILD;
	check(ended == 0 ? 0 : -1, program[0]);
}

static void run_program(void) {
	const pid_t child = fork();
	check(child, "fork");
	if (child == 0) {
		check(dup2(2, 1), "dup2");
		execv(program[0], program);
		perror(program[0]);
		/* not what its parent has still to print */
		_exit(1);
	}
	await_end(child);
}

static void status(void) {
	int ends[2];
	check(pipe(ends), "pipe");
	const pid_t child = fork();
	check(child, "fork");
	if (child == 0) {
		check(dup2(ends[1], 1), "dup2");
		close(ends[0]);
		execv(program[0], program);
		perror(program[0]);
		_exit(1);
	}
	close(ends[1]);
	errno = ENOTEMPTY;
	check(read(ends[0], block, sizeof block) == 0 ? 0 : -1, "it has something to say");
	close(ends[0]);
	await_end(child);
}

/*
 * Answers of the server come by an interrupt to one processor. A program on another one has to be woken by that, which costs it a quarter more on an emulated machine, and
 * the scheduler leaves it where it began: luck, which would be all there is to see. So each pass is on the next processor, and the fastest counts.
 */
static void take_next_processor(void) {
	static cpu_set_t all;
	static size_t last = CPU_SETSIZE;
	if (last == CPU_SETSIZE) check(sched_getaffinity(0, sizeof all, &all), "sched_getaffinity");
	do last = (last + 1) % CPU_SETSIZE;
	while (!CPU_ISSET(last, &all));
	cpu_set_t one;
	CPU_ZERO(&one);
	CPU_SET(last, &one);
	check(sched_setaffinity(0, sizeof one, &one), "sched_setaffinity");
}

/* Of "modules", or where it is not there, nothing. */
static void remove_all(void) {
	char name[48];
	if (access("modules", F_OK) != 0) return;
	for (int directory = 0; directory < DIRECTORIES; directory++) {
		for (int file = 0; file < FILES; file++) {
			snprintf(name, sizeof name, "modules/p%d/f%d", directory, file);
			check(unlink(name), name);
		}
		snprintf(name, sizeof name, "modules/p%d", directory);
		check(rmdir(name), name);
	}
	check(rmdir("modules"), "modules");
}

static void install(void) {
	take_next_processor();
	char name[48];
	remove_all();
	check(mkdir("staged", 0755), "staged");
	for (int directory = 0; directory < DIRECTORIES; directory++) {
		snprintf(name, sizeof name, "staged/p%d", directory);
		check(mkdir(name, 0755), name);
		for (int file = 0; file < FILES; file++) {
			snprintf(name, sizeof name, "staged/p%d/f%d", directory, file);
			const int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
			check(fd, name);
			check(write(fd, block, SMALL) == SMALL ? 0 : -1, name);
			close(fd);
			check(chmod(name, 0755), name);
		}
	}
	check(rename("staged", "modules"), "staged");
}

static void write_all(void) {
	take_next_processor();
	const int fd = open("large", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	check(fd, "large");
	for (int i = 0; i < mebibytes; i++) check(write(fd, block, sizeof block) == (ssize_t)sizeof block ? 0 : -1, "write");
	check(fsync(fd), "fsync");
	close(fd);
}

static void read_all(void) {
	take_next_processor();
	const int fd = open("large", O_RDONLY | O_CLOEXEC);
	check(fd, "large");
	for (int i = 0; i < mebibytes; i++) check(read(fd, block, sizeof block) == (ssize_t)sizeof block ? 0 : -1, "read");
	close(fd);
}

static int watch(void) {
	struct stat status;
	off_t last = -1;
	for (; stat("watched", &status) == 0; usleep(100000)) {
		char text[32];
		if (status.st_size == last) continue;
		last = status.st_size;
		const int length = snprintf(text, sizeof text, "%ld", (long)last);
		const int fd = open("seen", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
		check(fd, "seen");
		check(write(fd, text, (size_t)length) == length ? 0 : -1, "seen");
		close(fd);
	}
	return 0;
}

/* The name goes out with the figure: what the program says meanwhile on the same console, as `npm ci` does, is not to come between. */
static void measure(const char *name, int passes, void (*work)(void)) {
	printf("%s ", name);
	print_fastest(passes, work);
	fflush(stdout);
}

/* No name is part of another. */
static int is_wanted(const char *name) {
	return strstr(works, name) != NULL;
}

int main(int count, char **arguments) {
	if (count < 3 || (mkdir(arguments[1], 0755) != 0 && errno != EEXIST)) return 64;
	check(chdir(arguments[1]), arguments[1]);
	if (count == 3) return strcmp(arguments[2], "watch") == 0 ? watch() : 64;
	if (count < 5) return 64;
	const int number = atoi(arguments[3]);
	program = arguments + 4;
	if (strcmp(arguments[2], "run") == 0) {
		sleep(SETTLED);
		for (int i = 0; i < number; i++) measure("run", 1, run_program);
		return 0;
	}
	works = arguments[2];
	mebibytes = number;
	if (is_wanted("status")) {
		status();
		measure("status", PASSES, status);
	}
	if (is_wanted("install")) {
		/* The first has nothing to remove. */
		install();
		measure("install", PASSES, install);
		remove_all();
	}
	if (is_wanted("write")) measure("write", PASSES, write_all);
	else if (is_wanted("read")) write_all();
	if (is_wanted("read")) measure("read", PASSES, read_all);
	check(unlink("large") != 0 && errno != ENOENT ? -1 : 0, "large");
	return 0;
}
