/*
 * Makes the engine and running containers see what the other has done to a container's files.
 *
 * An isolated container's root is an overlay of its own over the same upper directory as the one dockerd keeps mounted
 * below overlay2/<id>/merged. Each overlay caches names: what one side looked up before the other changed it stays as it
 * was, so `docker diff`, `cp` and `export` of a running container would miss files. Reconfiguring a file system without
 * changing anything drops its unused cached names (reconfigure_super() calls shrink_dcache_sb(), Linux 6.18).
 *
 * Does so for every writable overlay mounted below the directory given as the first argument, and for the root of every
 * mount namespace but its own. With a process and a path, it first readies that process's root for the engine to read or write
 * there (copy-up.c).
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "copy-up.h"

#define OVERLAYFS_MAGIC 0x794c7630
#define MOST_NAMESPACES 8192

/* A mountinfo line of an overlay of 128 layers is about 6 KB (proc_pid_mountinfo(5)). */
static char line[64 * 1024];

/* Undoes the octal escapes of mountinfo in place. */
static void unescape(char *text)
{
	char *out = text;

	for (const char *in = text; *in != '\0'; in++) {
		if (in[0] == '\\' && in[1] >= '0' && in[1] <= '3' && in[2] >= '0' && in[2] <= '7' && in[3] >= '0' && in[3] <= '7') {
			*out++ = (char)((in[1] - '0') * 64 + (in[2] - '0') * 8 + (in[3] - '0'));
			in += 3;
		} else {
			*out++ = *in;
		}
	}
	*out = '\0';
}

/* The mount point of a line when it is a writable overlay, else null. Cuts the line up. */
static char *overlay_mount_point(char *text)
{
	char *rest = text, *target = NULL, *options = NULL;
	const char *separator = strstr(text, " - overlay ");

	if (!separator)
		return NULL;
	for (int field = 0; field < 6; field++) {
		char *word = strsep(&rest, " ");
		if (!word)
			return NULL;
		if (field == 4)
			target = word;
		if (field == 5)
			options = word;
	}
	/* A read-only overlay (an image mounted for a build) cannot be changed by a container. */
	return options && strncmp(options, "rw", 2) == 0 ? target : NULL;
}

/* fspick(2) reaches mounts of other namespaces and leaves the flags of the mount itself alone, which remounting would not. */
static int refresh(const char *path)
{
	const int context = (int)syscall(SYS_fspick, AT_FDCWD, path, FSPICK_CLOEXEC | FSPICK_NO_AUTOMOUNT);
	int result = 0;

	if (context < 0)
		return -1;
	if (syscall(SYS_fsconfig, context, FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0) != 0)
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

static int refresh_engine(const char *directory)
{
	const size_t length = strlen(directory);
	int status = 0;
	FILE *mounts = fopen("/proc/self/mountinfo", "re");

	if (!mounts) {
		perror("/proc/self/mountinfo");
		return 1;
	}
	while (fgets(line, sizeof line, mounts)) {
		char *target = overlay_mount_point(line);
		if (!target)
			continue;
		unescape(target);
		if (strncmp(target, directory, length) == 0 && target[length] == '/' && refresh(target) != 0)
			status |= report(target);
	}
	fclose(mounts);
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
		if (statfs(path, &root) == 0 && root.f_type == OVERLAYFS_MAGIC && refresh(path) != 0)
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
