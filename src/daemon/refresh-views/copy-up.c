/*
 * A directory in use (working directory, running program, mapped library, mount point) keeps its cached name, and with it the
 * container's overlay keeps believing that it is in no upper layer. The engine then makes it there through the other overlay: what it
 * puts inside stays unseen, and everything the container writes there fails with ENOTEMPTY until it is restarted. `/etc` is always in
 * use (the engine mounts /etc/hosts; to read a file out, it makes those mount points anew in its own view), `/usr` nearly so. Copied up by the container's overlay first, the upper directory is known to it.
 *
 * Setting the mode a directory has is what makes overlayfs copy it up. All names are resolved within the container's root and on
 * its root file system alone, so a container that swaps links at the worst moment gets a mode it already had on a directory of its own.
 */
#include "copy-up.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#define OVERLAYFS_MAGIC 0x794c7630
#define DEEPEST 200

static int open_within(int root, const char *path)
{
	struct open_how how = {
		.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS,
	};
	return (int)syscall(SYS_openat2, root, path, &how, sizeof how);
}

/*
 * Which directory that is, by what the kernel remembers. Asked for anything fresher, a root that lies on a FUSE mount of another
 * container's would ask that container's server, which need never answer and then can't be given up either.
 */
static int identify(int directory, const char *path, struct statx *found)
{
	return statx(directory, path, AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_INO, found);
}

static int same(const struct statx *a, const struct statx *b)
{
	return a->stx_dev_major == b->stx_dev_major && a->stx_dev_minor == b->stx_dev_minor && a->stx_ino == b->stx_ino;
}

/* The directory and all above it up to the root. Closes it. */
static void copy_up(int directory, const struct statx *root)
{
	struct statx here;
	struct stat status;

	for (int depth = 0; directory >= 0 && depth < DEEPEST; depth++) {
		int above = -1;
		if (fstat(directory, &status) == 0 && fchmod(directory, status.st_mode & 07777) == 0 &&
		    identify(directory, "", &here) == 0 && !same(&here, root))
			above = openat(directory, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		close(directory);
		directory = above;
	}
	if (directory >= 0)
		close(directory);
}

/* What a link of /proc names, or its directory, when that is below the target. */
static void copy_up_named(int proc, const char *link, int is_directory, int root, const struct statx *root_status, const char *target)
{
	char name[PATH_MAX];
	const size_t length = strlen(target);
	ssize_t size = readlinkat(proc, link, name, sizeof name - 1);

	if (size <= 0 || name[0] != '/')
		return;
	name[size] = '\0';
	if (!is_directory)
		*strrchr(name, '/') = '\0';
	if (strncmp(name, target, length) == 0 && name[length] == '/')
		copy_up(open_within(root, name), root_status);
}

static void copy_up_listed(int proc, const char *list, int root, const struct statx *root_status, const char *target)
{
	const int fd = openat(proc, list, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *links = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	while (links && (entry = readdir(links)) != NULL)
		copy_up_named(dirfd(links), entry->d_name, 0, root, root_status, target);
	if (links)
		closedir(links);
}

static void copy_up_used(int root, const struct statx *root_status, const char *target)
{
	DIR *processes = opendir("/proc");
	const struct dirent *entry;

	while (processes && (entry = readdir(processes)) != NULL) {
		char name[300];
		struct statx found;
		int proc;

		if (entry->d_name[0] < '1' || entry->d_name[0] > '9')
			continue;
		snprintf(name, sizeof name, "/proc/%s/root/", entry->d_name);
		if (identify(AT_FDCWD, name, &found) != 0 || !same(&found, root_status))
			continue;
		snprintf(name, sizeof name, "/proc/%s", entry->d_name);
		proc = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (proc < 0)
			continue;
		copy_up_named(proc, "cwd", 1, root, root_status, target);
		copy_up_listed(proc, "fd", root, root_status, target);
		copy_up_listed(proc, "map_files", root, root_status, target);
		close(proc);
	}
	if (processes)
		closedir(processes);
}

/* The directories of the files something is mounted on, which the engine copies up itself whatever it is asked for. */
static void copy_up_mount_points(const char *process, int root, const struct statx *root_status)
{
	static char line[64 * 1024];
	char path[PATH_MAX];
	FILE *mounts;

	snprintf(path, sizeof path, "/proc/%s/mountinfo", process);
	mounts = fopen(path, "re");
	while (mounts && fgets(line, sizeof line, mounts)) {
		struct stat status;
		int directory;

		/* A point with a blank in it is escaped, hence not found: it is left undone. */
		if (sscanf(line, "%*s %*s %*s %*s %4095s", path) != 1 || path[0] != '/')
			continue;
		*strrchr(path, '/') = '\0';
		directory = open_within(root, path[0] == '\0' ? "/" : path);
		if (directory >= 0 && fstatat(directory, path + strlen(path) + 1, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISREG(status.st_mode))
			copy_up(directory, root_status);
		else if (directory >= 0)
			close(directory);
	}
	if (mounts)
		fclose(mounts);
}

static void copy_up_target(int root, const struct statx *root_status, const char *path)
{
	char name[64], target[PATH_MAX] = "";
	const int directory = open_within(root, path);
	ssize_t size;

	if (directory < 0)
		return;
	/* Of a mount in another namespace, the kernel gives the path from its own root: the path inside. */
	snprintf(name, sizeof name, "/proc/self/fd/%d", directory);
	size = readlink(name, target, sizeof target - 1);
	target[size > 1 ? size : 0] = '\0';
	copy_up(directory, root_status);
	copy_up_used(root, root_status, target);
}

void copy_up_for_engine(const char *process, const char *path)
{
	char name[64];
	struct statx root_status;
	struct statfs filesystem;
	int root;

	snprintf(name, sizeof name, "/proc/%s/root", process);
	root = open(name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return;
	if (identify(root, "", &root_status) == 0 && fstatfs(root, &filesystem) == 0 && filesystem.f_type == OVERLAYFS_MAGIC) {
		copy_up_mount_points(process, root, &root_status);
		if (path[0] != '\0')
			copy_up_target(root, &root_status, path);
	}
	close(root);
}
