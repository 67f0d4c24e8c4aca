#define _GNU_SOURCE
#include "guard.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The same directory, opened anew: a mount namespace mounts nothing by the descriptors of another. */
static int open_again(int fd, const char *path)
{
	struct stat judged, found;
	const int again = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (again < 0 || fstat(fd, &judged) != 0 || fstat(again, &found) != 0)
		die(path);
	if (judged.st_dev != found.st_dev || judged.st_ino != found.st_ino)
		die_text(path, "another directory has taken its place");
	return again;
}

int clone_of(int fd, unsigned how, const char *shown)
{
	const int tree = (int)syscall(SYS_open_tree, fd, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | how);

	if (tree < 0)
		die(shown);
	return tree;
}

void attach(int tree, int target, const char *shown)
{
	if (syscall(SYS_move_mount, tree, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) != 0)
		die(shown);
	close(tree);
}

int open_place(const char *path)
{
	const int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		die(path);
	return fd;
}

void place_share(int fd, const char *path, const struct hidden *hidden, size_t count)
{
	const int again = open_again(fd, path);
	/* With what is mounted in it: without privileges nobody may see what lies below a mount of the machine's. */
	const int tree = clone_of(again, AT_RECURSIVE, path);

	const struct covers covers = make_covers();
	const int target = open_place(SHARED_PLACE);
	attach(tree, target, path);
	close(target);
	const int share = open_place(SHARED_PLACE);
	cover(share, &covers, hidden, count);
	close(share);
	close(covers.directory);
	close(covers.file);
	close(again);
	close(fd);
}
