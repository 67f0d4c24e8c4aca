/*
 * A root with places for shared directories. The image's root is read-only and has no directory /home or /srv, so `/` becomes a small tmpfs
 * in which every directory of the image is bound, except those that a share lies in: they are made anew, with what the image has in them bound likewise.
 */
#include "enter.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define IMAGE ".image"

/* /tmp is a tmpfs anyway, and gets its directories there. */
static int holds_share(const char *path, const struct enter_options *o)
{
	const size_t length = strlen(path);

	for (size_t i = 0; strcmp(path, "/tmp") != 0 && i < o->share_count; i++)
		if (strncmp(o->shares[i].path, path, length) == 0 && o->shares[i].path[length] == '/')
			return 1;
	return 0;
}

static void join(char *to, size_t size, const char *directory, const char *name)
{
	if ((size_t)snprintf(to, size, "%s/%s", directory, name) >= size)
		die_text(directory, "path too long");
}

static void bind_read_only(const char *from, const char *to)
{
	must_mount(from, to, NULL, MS_BIND, NULL);
	must_mount(NULL, to, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NODEV | MS_NOSUID, NULL);
}

static void copy_link(int directory, const char *name, const char *to)
{
	char target[1024];
	const ssize_t length = readlinkat(directory, name, target, sizeof target - 1);

	if (length < 0)
		die(to);
	target[length] = '\0';
	if (symlink(target, to) != 0)
		die(to);
}

/* `from` and `to` without the path of the root in common, which is `inside`. */
static void mirror(const char *from, const char *to, const char *inside, const struct enter_options *o)
{
	DIR *directory = opendir(from);
	const struct dirent *entry;

	if (!directory)
		die(from);
	while ((entry = readdir(directory)) != NULL) {
		char child[1024], copy[1024], path[1024];
		struct stat s;

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		join(child, sizeof child, from, entry->d_name);
		join(copy, sizeof copy, to, entry->d_name);
		join(path, sizeof path, inside, entry->d_name);
		if (fstatat(dirfd(directory), entry->d_name, &s, AT_SYMLINK_NOFOLLOW) != 0)
			die(child);
		if (S_ISLNK(s.st_mode)) {
			copy_link(dirfd(directory), entry->d_name, copy);
		} else if (S_ISDIR(s.st_mode)) {
			make_dir(copy, s.st_mode & 07777);
			if (holds_share(path, o))
				mirror(child, copy, path, o);
			else
				bind_read_only(child, copy);
		} else if (S_ISREG(s.st_mode)) {
			const int file = open(copy, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
			if (file < 0)
				die(copy);
			close(file);
			bind_read_only(child, copy);
		}
	}
	closedir(directory);
}

void mirror_root(const struct enter_options *o, const char *root)
{
	char image[64];
	const int tree = (int)syscall(SYS_open_tree, AT_FDCWD, root, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

	if (tree < 0 || umount2(root, MNT_DETACH) != 0)
		die(root);
	must_mount("tmpfs", root, "tmpfs", MS_NOSUID | MS_NODEV, "mode=755,size=1m");
	join(image, sizeof image, root, IMAGE);
	make_dir(image, 0700);
	if (syscall(SYS_move_mount, tree, "", AT_FDCWD, image, MOVE_MOUNT_F_EMPTY_PATH) != 0)
		die(image);
	close(tree);
	mirror(image, root, "", o);
}

void mirror_close(const char *root)
{
	char image[64];

	join(image, sizeof image, root, IMAGE);
	if (umount2(image, MNT_DETACH) != 0 || rmdir(image) != 0)
		die(image);
	must_mount(NULL, root, NULL, MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV, NULL);
}
