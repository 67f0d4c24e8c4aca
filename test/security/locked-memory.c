/*
 * A process waits in mmap(2), holding the lock of its memory, for a page of a FUSE mount that is never given. Whoever reads its command line
 * waits with it, unkillable, until the server of the mount has ended. Says "ready" just before. Needs /dev/fuse and CAP_SYS_ADMIN.
 * With an argument a process only reads the page, but keeps the mount alive itself, so that no signal ends it.
 */
#include <fcntl.h>
#include <linux/fuse.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_SIZE (1 << 20)

/* Serves one file. Never answers a read; the file opened second is of the kind that mmap(2) first drops the cached pages of. */
static void serve(int device, int asked)
{
	static _Alignas(8) char question[1 << 20];
	struct {
		struct fuse_out_header head;
		union {
			struct fuse_init_out init;
			struct fuse_attr_out attr;
			struct fuse_open_out open;
		} body;
	} answer;
	int opened = 0;

	while (read(device, question, sizeof question) > 0) {
		const struct fuse_in_header *header = (const void *)question;
		size_t length = 0;

		memset(&answer, 0, sizeof answer);
		answer.head.unique = header->unique;
		switch (header->opcode) {
		case FUSE_INIT:
			answer.body.init = (struct fuse_init_out){ .major = 7, .minor = 31, .max_write = 65536 };
			length = sizeof answer.body.init;
			break;
		case FUSE_GETATTR:
			answer.body.attr.attr_valid = 1 << 20;
			answer.body.attr.attr = (struct fuse_attr){ .ino = 1, .size = FILE_SIZE, .mode = S_IFREG | 0644, .nlink = 1, .blksize = 4096 };
			length = sizeof answer.body.attr;
			break;
		case FUSE_OPEN:
			answer.body.open.open_flags = FOPEN_KEEP_CACHE | (opened++ ? FOPEN_DIRECT_IO : 0);
			length = sizeof answer.body.open;
			break;
		case FUSE_READ:
			if (write(asked, "", 1) != 1)
				perror("pipe");
			continue;
		default:
			answer.head.error = -38; /* ENOSYS, as the kernel numbers it here */
		}
		answer.head.len = (unsigned)(sizeof answer.head + length);
		if (write(device, &answer, answer.head.len) < 0)
			perror("answer");
	}
}

int main(int argc, char **argv)
{
	(void)argv;
	const int kept = argc > 1 ? open("/dev/fuse", O_RDWR) : -1;
	int asked[2], mounted[2], page;
	char byte;

	close(open("/file", O_CREAT | O_WRONLY, 0644));
	if (pipe(asked) != 0 || pipe(mounted) != 0)
		return perror("pipe"), 1;
	/* If nobody else has the device open, the mount ends with the server, and everybody who waits for it goes on. */
	if (fork() == 0) {
		char options[100];
		const int device = kept < 0 ? open("/dev/fuse", O_RDWR) : kept;

		snprintf(options, sizeof options, "fd=%d,rootmode=100644,user_id=0,group_id=0", device);
		if (mount("fuse", "/file", "fuse", 0, options) != 0)
			return perror("mount"), 1;
		if (write(mounted[1], "", 1) != 1)
			return perror("pipe"), 1;
		serve(device, asked[1]);
		return 0;
	}
	close(mounted[1]);
	if (read(mounted[0], &byte, 1) != 1)
		return 1;
	const int cached = open("/file", O_RDONLY);

	/* Its page stays locked. */
	if (fork() == 0)
		return read(cached, &byte, 1) < 0;
	if (read(asked[0], &byte, 1) != 1)
		return 1;
	if (kept >= 0) {
		puts("ready");
		fflush(stdout);
		pause();
	}
	page = open("/file", O_RDONLY);
	if (page < 0)
		return perror("/file"), 1;
	if (fork() == 0) {
		puts("ready");
		fflush(stdout);
		mmap(NULL, FILE_SIZE, PROT_READ, MAP_PRIVATE, page, 0);
		puts("mapped");
		return 0;
	}
	for (;;)
		pause();
}
