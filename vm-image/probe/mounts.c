/* Attempts to get write access through a mount that was given read-only, and to reach files past the mounts. */
#include "probes.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Not from <sys/mount.h>, which collides with <linux/mount.h>. */
extern int mount(const char *source, const char *target, const char *type, unsigned long flags, const void *data);
enum { remount = 32, bind = 4096 };

static int clear_read_only(int directory, const char *path, unsigned int flags)
{
	struct mount_attr attributes;
	memset(&attributes, 0, sizeof attributes);
	attributes.attr_clr = MOUNT_ATTR_RDONLY;
	return syscall(SYS_mount_setattr, directory, path, flags, &attributes, sizeof attributes) < 0 ? errno : 0;
}

int probe_mount_setattr_rw(char **arguments)
{
	return clear_read_only(AT_FDCWD, arguments[0], 0);
}

int probe_remount_rw(char **arguments)
{
	return mount("none", arguments[0], NULL, remount | bind, NULL) != 0 ? errno : 0;
}

/* A clone of the mount, which is not attached anywhere, may have other flags than the mount itself. */
int probe_open_tree_rw(char **arguments)
{
	const int tree = (int)syscall(SYS_open_tree, AT_FDCWD, arguments[0], OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (tree < 0)
		return errno;
	const int error = clear_read_only(tree, "", AT_EMPTY_PATH);
	close(tree);
	return error;
}

/* Opens the root directory by its handle. That capability check is against the initial user namespace; with it, any file of the
 * file system can be opened by number. */
int probe_open_by_handle(char **arguments)
{
	(void)arguments;
	union {
		struct file_handle handle;
		char bytes[sizeof(struct file_handle) + MAX_HANDLE_SZ];
	} storage;
	storage.handle.handle_bytes = MAX_HANDLE_SZ;
	int mount_id;
	if (name_to_handle_at(AT_FDCWD, "/", &storage.handle, &mount_id, 0) != 0) {
		/* A file system without handles: the permission is still asked for first. */
		memset(&storage, 0, sizeof storage);
		storage.handle.handle_bytes = 8;
		storage.handle.handle_type = 1;
	}
	const int root = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return errno;
	const int file = open_by_handle_at(root, &storage.handle, O_RDONLY | O_CLOEXEC);
	const int error = file < 0 ? errno : 0;
	if (file >= 0)
		close(file);
	close(root);
	return error;
}
