#define _GNU_SOURCE
#include "guard.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What is covered, and so what lies below it. */
struct covered {
	const char **paths;
	size_t count;
};

struct covers make_covers(void)
{
	if (mount("bulkhead", SHARED_PLACE, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=755,size=4k,nr_inodes=8") != 0)
		die("nothing can be hidden: tmpfs");
	const int file = open(SHARED_PLACE "/file", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0400);
	if (file < 0 || close(file) != 0 || mkdir(SHARED_PLACE "/directory", 0500) != 0)
		die("nothing can be hidden");
	if (mount(NULL, SHARED_PLACE, NULL, MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) != 0)
		die("nothing can be hidden: read-only");
	return (struct covers){.directory = open_place(SHARED_PLACE "/directory"), .file = open_place(SHARED_PLACE "/file")};
}

/* A link on the way is somebody's who wants it seen; and what is gone may be elsewhere in the share. Either ends the program. */
static int open_below(int share, const char *relative)
{
	struct open_how how = {.flags = O_PATH | O_NOFOLLOW | O_CLOEXEC, .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS};
	const int fd = (int)syscall(SYS_openat2, share, relative, &how, sizeof how);

	if (fd < 0)
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

	if (statx(directory, "", AT_EMPTY_PATH, STATX_TYPE, &status) != 0)
		die(relative);
	if ((status.stx_attributes & STATX_ATTR_MOUNT_ROOT) == 0)
		attach(clone_of(directory, AT_RECURSIVE, relative), directory, relative);
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

static bool is_covered(const struct covered *covered, const char *relative)
{
	for (size_t i = 0; i < covered->count; i++)
		if (strcmp(relative, covered->paths[i]) == 0 || lies_below(relative, covered->paths[i]))
			return true;
	return false;
}

/* `expected` is NULL where whatever is there is to be covered. */
static void cover_one(int share, const char *relative, const struct covers *covers, const struct hidden *expected, struct covered *covered)
{
	struct stat status = {.st_mode = S_IFDIR};

	pin_above(share, relative);
	const int target = open_below(share, relative);
	/* The root of a mount of somebody else's may tell nothing of itself, and is a directory. */
	const bool told = fstat(target, &status) == 0;
	if (expected != NULL && (!told || status.st_dev != expected->device || status.st_ino != expected->inode))
		die_text(relative, "what is to be hidden there has made room for something else");
	attach(clone_of(S_ISDIR(status.st_mode) ? covers->directory : covers->file, 0, relative), target, relative);
	close(target);
	covered->paths[covered->count++] = relative;
}

static void check_covered(int share, const struct covers *covers, const struct covered *covered)
{
	struct stat empty, found;

	if (fstat(covers->directory, &empty) != 0)
		die("what is hidden cannot be told");
	for (size_t i = 0; i < covered->count; i++) {
		const int fd = open_below(share, covered->paths[i]);
		if (fstat(fd, &found) != 0 || found.st_dev != empty.st_dev)
			die_text(covered->paths[i], "it could not be hidden");
		close(fd);
	}
}

/* Only covers, what lies below them, and the directories above them. */
static void check_mounts(int share, const struct covered *covered)
{
	const struct mounts mounts = mounts_below(share);

	for (size_t i = 0; i < mounts.count; i++) {
		bool above = false;
		for (size_t j = 0; j < covered->count; j++)
			above = above || lies_below(covered->paths[j], mounts.paths[i]);
		if (!above && !is_covered(covered, mounts.paths[i]))
			die_text(mounts.paths[i], "something is mounted there that nobody has judged");
	}
}

static bool has_outer(const struct mounts *mounts, const char *path)
{
	for (size_t i = 0; i < mounts->count; i++)
		if (lies_below(path, mounts->paths[i]))
			return true;
	return false;
}

void cover(int share, const struct covers *covers, const struct hidden *hidden, size_t count)
{
	const struct mounts mounts = mounts_below(share);
	struct covered covered = {.paths = calloc(mounts.count + count + 1, sizeof *covered.paths)};

	if (covered.paths == NULL)
		die("memory");
	for (size_t i = 0; i < mounts.count; i++)
		if (!has_outer(&mounts, mounts.paths[i]) && !is_covered(&covered, mounts.paths[i]))
			cover_one(share, mounts.paths[i], covers, NULL, &covered);
	for (size_t i = 0; i < count; i++)
		if (!is_covered(&covered, hidden[i].path))
			cover_one(share, hidden[i].path, covers, &hidden[i], &covered);
	check_covered(share, covers, &covered);
	check_mounts(share, &covered);
}
