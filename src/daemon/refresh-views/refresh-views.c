/*
 * Makes the engine and running containers see what the other has done to a container's files.
 *
 * An isolated container's root is an overlay of its own over the same upper directory as the one dockerd keeps mounted
 * below overlay2/<id>/merged. Each overlay caches names: what one side looked up before the other changed it stays as it
 * was, so `docker diff`, `cp` and `export` of a running container would miss files. Reconfiguring a file system without
 * changing anything drops its unused cached names (reconfigure_super() calls shrink_dcache_sb(), Linux 6.18).
 *
 * Does so for the root of each running container as the engine, whose data are in the directory given as the first argument, has it
 * mounted, and for the root of every mount namespace but its own. With a process and a path, it first readies that process's root for the engine to read or write
 * there (copy-up.c).
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/mount.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "copy-up.h"

#define OVERLAYFS_MAGIC 0x794c7630
#define MOST_NAMESPACES 8192

/* containerd keeps a directory here for each container that has been handed to runc, with the number of its first process. */
#define TASKS "/run/containerd/io.containerd.runtime.v2.task/moby"

static int is_running(const char *container)
{
	char path[PATH_MAX];
	int pid = 0;
	FILE *note;

	snprintf(path, sizeof path, TASKS "/%s/init.pid", container);
	note = fopen(path, "re");
	if (!note)
		return 0;
	if (fscanf(note, "%d", &pid) != 1)
		pid = 0;
	fclose(note);
	return pid > 1 && kill(pid, 0) == 0;
}

/* fspick(2) reaches mounts of other namespaces and leaves the flags of the mount itself alone, which remounting would not. */
/*
 * Only while the container runs, if one is named. Threat: one that is being started, whose root a process of another container still
 * holds. dockerd resolves a path in that root and then makes directories by it, as root of the VM (the working directory): as
 * long as it is shown what it saw first, no link put there meanwhile leads it out.
 */
static int refresh(const char *path, const char *container)
{
	const int context = (int)syscall(SYS_fspick, AT_FDCWD, path, FSPICK_CLOEXEC | FSPICK_NO_AUTOMOUNT);
	int result = 0;

	if (context < 0)
		return -1;
	if ((!container || is_running(container)) && syscall(SYS_fsconfig, context, FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0) != 0)
		result = -1;
	close(context);
	return result;
}

/* What has ended since it was listed is no failure. */
static int report(const char *path)
{
	if (errno == EINVAL || errno == ENOENT || errno == ESRCH)
		return 0;
	perror(path);
	return 1;
}

static int refresh_mounted(const char *path, const char *container)
{
	struct statfs filesystem;

	if (statfs(path, &filesystem) != 0 || filesystem.f_type != OVERLAYFS_MAGIC || refresh(path, container) == 0)
		return 0;
	return report(path);
}

/* Where overlay2 has it mounted: under a name that the engine notes. */
static int refresh_layer(const char *directory, const char *container)
{
	char path[PATH_MAX], name[256];
	FILE *note;
	int status = 0;

	snprintf(path, sizeof path, "%s/image/overlay2/layerdb/mounts/%s/mount-id", directory, container);
	note = fopen(path, "re");
	if (note && fgets(name, sizeof name, note) && !strchr(name, '/')) {
		snprintf(path, sizeof path, "%s/overlay2/%s/merged", directory, name);
		status = refresh_mounted(path, container);
	}
	if (note)
		fclose(note);
	return status;
}

static int refresh_engine(const char *directory)
{
	DIR *tasks = opendir(TASKS);
	const struct dirent *entry;
	int status = 0;

	/* Before the first container. */
	if (!tasks)
		return 0;
	while ((entry = readdir(tasks)) != NULL) {
		char path[PATH_MAX];

		if (entry->d_name[0] == '.')
			continue;
		status |= refresh_layer(directory, entry->d_name);
		snprintf(path, sizeof path, "%s/rootfs/overlayfs/%s", directory, entry->d_name);
		status |= refresh_mounted(path, entry->d_name);
	}
	closedir(tasks);
	return status;
}

/* True the first time a mount namespace is seen. */
static int is_new_namespace(ino_t inode)
{
	static ino_t seen[MOST_NAMESPACES];
	static size_t count;

	for (size_t i = 0; i < count; i++)
		if (seen[i] == inode)
			return 0;
	if (count < MOST_NAMESPACES)
		seen[count++] = inode;
	return 1;
}

static int refresh_containers(void)
{
	DIR *processes = opendir("/proc");
	const struct dirent *entry;
	struct stat namespace;
	int status = 0;

	if (!processes || stat("/proc/self/ns/mnt", &namespace) != 0) {
		perror("/proc");
		return 1;
	}
	is_new_namespace(namespace.st_ino);
	while ((entry = readdir(processes)) != NULL) {
		char path[300];
		struct statfs root;

		if (entry->d_name[0] < '1' || entry->d_name[0] > '9')
			continue;
		snprintf(path, sizeof path, "/proc/%s/ns/mnt", entry->d_name);
		if (stat(path, &namespace) != 0 || !is_new_namespace(namespace.st_ino))
			continue;
		snprintf(path, sizeof path, "/proc/%s/root/", entry->d_name);
		if (statfs(path, &root) == 0 && root.f_type == OVERLAYFS_MAGIC && refresh(path, NULL) != 0)
			status |= report(path);
	}
	closedir(processes);
	return status;
}

int main(int argc, char **argv)
{
	if ((argc != 2 && argc != 4) || argv[1][0] != '/') {
		fputs("usage: refresh-views DIRECTORY [PROCESS PATH]\n", stderr);
		return 64;
	}
	if (argc == 4)
		copy_up_for_engine(argv[2], argv[3]);
	return refresh_engine(argv[1]) | refresh_containers();
}
