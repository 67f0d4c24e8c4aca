/*
 * The engine's own corner of the host's cgroup hierarchies. With a cgroup namespace rooted there, the engine's `/docker`
 * lies below it, so a Docker that is already installed keeps its own `/docker` untouched, and removal is one subtree.
 * Handles pure cgroup v2, pure v1 and hybrid hosts; on hybrid ones only v1 is used, as runc does (cgroups(7)).
 */
#include "enter.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define CGROUP_ROOT "/sys/fs/cgroup"
#define CGROUP2_MAGIC 0x63677270
#define MAX_CONTROLLERS 32

static char controllers[MAX_CONTROLLERS][32];
static size_t controller_count;
static int unified;

static int is_cgroup2(const char *path)
{
	struct statfs s;
	return statfs(path, &s) == 0 && s.f_type == CGROUP2_MAGIC;
}

/* Lists the v1 hierarchies by their directory below /sys/fs/cgroup; `unified` when there is only v2. */
static void discover(void)
{
	DIR *dir;
	const struct dirent *entry;

	controller_count = 0;
	unified = is_cgroup2(CGROUP_ROOT);
	if (unified)
		return;
	dir = opendir(CGROUP_ROOT);
	if (!dir)
		die("opendir " CGROUP_ROOT);
	while ((entry = readdir(dir)) != NULL) {
		char path[300];
		struct stat s;

		if (entry->d_name[0] == '.' || strlen(entry->d_name) >= sizeof controllers[0])
			continue;
		snprintf(path, sizeof path, CGROUP_ROOT "/%s", entry->d_name);
		/* Links such as cpu -> cpu,cpuacct are the same hierarchy again. */
		if (lstat(path, &s) != 0 || !S_ISDIR(s.st_mode) || is_cgroup2(path))
			continue;
		if (controller_count == MAX_CONTROLLERS)
			die_text("cgroup", "more hierarchies than expected");
		strcpy(controllers[controller_count++], entry->d_name);
	}
	closedir(dir);
}

/* A new cpuset has no cpus and no memory nodes, and refuses processes until it is given some. */
static void copy_cpuset(const char *child)
{
	static const char *const files[] = {"cpuset.cpus", "cpuset.mems"};

	for (size_t i = 0; i < 2; i++) {
		char from[400], to[600], text[4096];
		snprintf(from, sizeof from, CGROUP_ROOT "/cpuset/%s", files[i]);
		snprintf(to, sizeof to, "%s/%s", child, files[i]);
		int fd = open(from, O_RDONLY | O_CLOEXEC);
		ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
		if (fd >= 0)
			close(fd);
		if (n <= 0)
			continue;
		text[n] = '\0';
		write_file(to, text);
	}
}

static void enter_one(const char *hierarchy, const char *name)
{
	char path[512];

	snprintf(path, sizeof path, "%s/%s", hierarchy, name);
	if (mkdir(path, 0755) != 0 && errno != EEXIST)
		die(path);
	if (strcmp(hierarchy, CGROUP_ROOT "/cpuset") == 0)
		copy_cpuset(path);
	strncat(path, "/cgroup.procs", sizeof path - strlen(path) - 1);
	write_file(path, "0");
}

void cgroup_enter(const char *name)
{
	discover();
	if (unified) {
		enter_one(CGROUP_ROOT, name);
		return;
	}
	for (size_t i = 0; i < controller_count; i++) {
		char hierarchy[64];
		snprintf(hierarchy, sizeof hierarchy, CGROUP_ROOT "/%s", controllers[i]);
		enter_one(hierarchy, name);
	}
}

void cgroup_mount(const char *target)
{
	const unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;

	if (unified) {
		must_mount("cgroup2", target, "cgroup2", flags, "nsdelegate");
		return;
	}
	must_mount("tmpfs", target, "tmpfs", flags, "mode=755,size=1m");
	for (size_t i = 0; i < controller_count; i++) {
		char path[512], option[64];
		snprintf(path, sizeof path, "%s/%s", target, controllers[i]);
		make_dir(path, 0755);
		/* A named hierarchy such as `systemd` holds no controller; its option is name=. */
		int named = strcmp(controllers[i], "systemd") == 0;
		snprintf(option, sizeof option, named ? "none,name=%s" : "%s", controllers[i]);
		must_mount("cgroup", path, "cgroup", flags, option);
	}
}

/* Depth first, because a cgroup with children cannot be removed. Missing ones are what is wanted. */
static void remove_tree(const char *path)
{
	DIR *dir = opendir(path);
	const struct dirent *entry;

	if (!dir)
		return;
	while ((entry = readdir(dir)) != NULL) {
		char child[1024];
		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		if ((size_t)snprintf(child, sizeof child, "%s/%s", path, entry->d_name) < sizeof child)
			remove_tree(child);
	}
	closedir(dir);
	rmdir(path);
}

void cgroup_remove(const char *name)
{
	char path[512];

	discover();
	if (unified) {
		snprintf(path, sizeof path, CGROUP_ROOT "/%s", name);
		remove_tree(path);
		return;
	}
	for (size_t i = 0; i < controller_count; i++) {
		snprintf(path, sizeof path, CGROUP_ROOT "/%s/%s", controllers[i], name);
		remove_tree(path);
	}
}
