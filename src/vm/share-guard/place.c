#define _GNU_SOURCE
#include "guard.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
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

static int clone_of(int fd, const char *path, unsigned how, const char *shown)
{
	const int tree = (int)syscall(SYS_open_tree, fd, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | how);

	if (tree < 0)
		die(shown);
	return tree;
}

static void attach(int tree, int target, const char *shown)
{
	if (syscall(SYS_move_mount, tree, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) != 0)
		die(shown);
	close(tree);
}

static int open_place(const char *path)
{
	const int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		die(path);
	return fd;
}

/* An empty directory and an empty file on a file system of their own. The share is mounted over them, and they are cloned by these descriptors alone. */
static void make_covers(int covers[2])
{
	if (mount("bulkhead", SHARED_PLACE, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=755,size=4k,nr_inodes=8") != 0)
		die("nothing can be hidden: tmpfs");
	const int file = open(SHARED_PLACE "/file", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0400);
	if (file < 0 || close(file) != 0 || mkdir(SHARED_PLACE "/directory", 0500) != 0)
		die("nothing can be hidden");
	if (mount(NULL, SHARED_PLACE, NULL, MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) != 0)
		die("nothing can be hidden: read-only");
	covers[0] = open_place(SHARED_PLACE "/directory");
	covers[1] = open_place(SHARED_PLACE "/file");
}

/* What is gone meanwhile need not be hidden, and gives -1; a link in the way is somebody's who wants it seen. */
static int open_below(int share, const char *relative)
{
	struct open_how how = {.flags = O_PATH | O_NOFOLLOW | O_CLOEXEC, .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS};
	const int fd = (int)syscall(SYS_openat2, share, relative, &how, sizeof how);

	if (fd < 0 && errno != ENOENT)
		die(relative);
	return fd;
}

/*
 * A directory above what is hidden, mounted on itself. Threat: a cover keeps its own name, but those above it could be moved away, and what is put in their place would be
 * the product's state at its next start. Nothing renames a mount point.
 */
static void pin(int share, const char *relative)
{
	struct statx status;
	const int directory = open_below(share, relative);

	if (directory < 0)
		return;
	if (statx(directory, "", AT_EMPTY_PATH, STATX_TYPE, &status) != 0)
		die(relative);
	if ((status.stx_attributes & STATX_ATTR_MOUNT_ROOT) == 0)
		attach(clone_of(directory, "", AT_RECURSIVE, relative), directory, relative);
	close(directory);
}

static void pin_above(int share, const char *relative)
{
	char above[PATH_MAX];

	for (const char *slash = strchr(relative, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		const size_t length = (size_t)(slash - relative);
		if (length >= sizeof above)
			die_text(relative, "its path is too long");
		memcpy(above, relative, length);
		above[length] = '\0';
		pin(share, above);
	}
}

static void hide(int share, const char *relative, const int covers[2])
{
	struct stat status;

	pin_above(share, relative);
	const int target = open_below(share, relative);
	if (target < 0)
		return;
	if (fstat(target, &status) != 0)
		die(relative);
	attach(clone_of(covers[S_ISDIR(status.st_mode) ? 0 : 1], "", 0, relative), target, relative);
	close(target);
}

void place_share(int fd, const char *path, char *const *hidden)
{
	int covers[2];
	const int again = open_again(fd, path);
	/* With what is mounted in it: without privileges nobody may see what lies below a mount of the machine's. */
	const int tree = clone_of(again, "", AT_RECURSIVE, path);

	make_covers(covers);
	const int target = open_place(SHARED_PLACE);
	attach(tree, target, path);
	close(target);
	const int share = open_place(SHARED_PLACE);
	for (; *hidden != NULL; hidden++)
		hide(share, *hidden, covers);
	close(share);
	close(covers[0]);
	close(covers[1]);
	close(again);
	close(fd);
}
