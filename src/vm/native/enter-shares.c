/*
 * Directories of the host that containers may bind, and the socket of the ssh agent. The caller hands over descriptors, not names, so what it has
 * checked is what is mounted. Each mount is a clone of that one directory alone, without what is mounted in it, and private:
 * nothing mounted on either side later appears on the other. nosuid and nodev; and no symbolic link in it is followed in the engine's own
 * namespace, because dockerd makes missing bind sources by name as root while containers write there. The front door takes that flag off the
 * clones it gives to containers, as it does for volumes (src/runtime/front-door/mounts.c).
 */
#include "enter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static int trees[MAX_SHARES];
static int agent_tree = -1;

void share_parse(struct enter_options *o, char *text)
{
	struct share *share = &o->shares[o->share_count];
	char *rest;

	if (o->share_count == MAX_SHARES)
		die_text("--share", "too many");
	share->read_only = strncmp(text, "ro:", 3) == 0;
	if (!share->read_only && strncmp(text, "rw:", 3) != 0)
		die_text("--share", "rw:FD:PATH or ro:FD:PATH");
	share->fd = descriptor_of(text + 3, ':', &rest);
	share->path = rest + 1;
	if (share->path[0] != '/' || share->path[1] == '\0' || strlen(share->path) >= 3072)
		die_text("--share", "an absolute path of a directory is needed");
	o->share_count++;
}

static int clone_of(int fd, uint64_t flags, const char *shown)
{
	struct mount_attr attributes = {.attr_set = flags, .propagation = MS_PRIVATE};
	const int tree = (int)syscall(SYS_open_tree, fd, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);

	if (tree < 0 || syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH, &attributes, sizeof attributes) != 0)
		die(shown);
	return tree;
}

void shares_clone(const struct enter_options *o)
{
	for (size_t i = 0; i < o->share_count; i++) {
		const struct share *share = &o->shares[i];
		const uint64_t flags = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOSYMFOLLOW;
		trees[i] = clone_of(share->fd, flags | (share->read_only ? MOUNT_ATTR_RDONLY : 0), share->path);
		close(share->fd);
	}
	if (o->agent_fd >= 0) {
		agent_tree = clone_of(o->agent_fd, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, "ssh agent");
		close(o->agent_fd);
	}
}

/* The directory for a mount, made where it is missing. No link is followed on the way. */
static int make_target(const char *root, const char *path)
{
	char names[4096], *rest = NULL;
	int directory = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);

	snprintf(names, sizeof names, "%s", path);
	for (char *name = strtok_r(names, "/", &rest); name != NULL; name = strtok_r(NULL, "/", &rest)) {
		if (directory < 0 || (mkdirat(directory, name, 0755) != 0 && errno != EEXIST))
			die(path);
		const int next = openat(directory, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		close(directory);
		directory = next;
	}
	if (directory < 0)
		die(path);
	return directory;
}

static void attach(int tree, int target, const char *name, unsigned how, const char *shown)
{
	if (syscall(SYS_move_mount, tree, "", target, name, MOVE_MOUNT_F_EMPTY_PATH | how) != 0)
		die(shown);
	close(tree);
	close(target);
}

void shares_attach(const struct enter_options *o, const char *root)
{
	for (size_t i = 0; i < o->share_count; i++) {
		const char *path = o->shares[i].path;
		attach(trees[i], make_target(root, path), "", MOVE_MOUNT_T_EMPTY_PATH, path);
	}
	if (agent_tree >= 0) {
		const int directory = make_target(root, "/run/bulkhead");
		const int file = openat(directory, "ssh-agent", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		if (file < 0)
			die("ssh agent");
		close(file);
		attach(agent_tree, directory, "ssh-agent", 0, "ssh agent");
	}
}

/* Records `rw` or `ro` and the path, each ended by a null byte. */
int shares_list(const struct enter_options *o)
{
	const int fd = memory_file("bulkhead-shares");

	for (size_t i = 0; i < o->share_count; i++) {
		char record[4096];
		const int length = snprintf(record, sizeof record, "%s%c%s", o->shares[i].read_only ? "ro" : "rw", '\0', o->shares[i].path) + 1;
		if (write(fd, record, (size_t)length) != length)
			die("list of shares");
	}
	memory_seal(fd);
	return fd;
}
