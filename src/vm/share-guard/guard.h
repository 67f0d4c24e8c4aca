/* Parts of the program that starts the server of one shared directory; guard.c says what it is for. */
#ifndef BULKHEAD_SHARE_GUARD_H
#define BULKHEAD_SHARE_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Where the server finds what it shares: a directory every Linux has, that only root can rename, and that the server has no other use for. */
#define SHARED_PLACE "/sys"

/* Ends the program with status 1 and one line on standard error. */
_Noreturn void die(const char *what);
_Noreturn void die_text(const char *what, const char *detail);

/* A mount namespace nothing of which reaches the machine. Without privileges in a user namespace, in which this user is root and has no other ids. */
void enter_namespaces(void);

/* What a share holds of the product's own, as it was found when the share was judged. */
struct hidden {
	const char *path; /* relative to the share */
	dev_t device;
	ino_t inode;
};

/*
 * Puts the directory `fd` was opened of, at `path`, at SHARED_PLACE. Fails when `path` has become another one. What is mounted in it, and each of `hidden`,
 * is covered by an empty directory or file that nobody can write; fails when one of `hidden` is not what it was.
 */
void place_share(int fd, const char *path, const struct hidden *hidden, size_t count);

/* An empty directory and an empty file on a file system of their own, made at SHARED_PLACE. The share is mounted over them, and they are cloned by these descriptors alone. */
struct covers {
	int directory;
	int file;
};

struct covers make_covers(void);

/* What is mounted in `share`, which is at SHARED_PLACE, and each of `hidden` is covered, and found to be. */
void cover(int share, const struct covers *covers, const struct hidden *hidden, size_t count);

/* Paths relative to the share of what is mounted in it; some may be there more than once. */
struct mounts {
	char **paths;
	size_t count;
};

struct mounts mounts_below(int share);

/* Whether a path lies below another, both relative and in their plain form. */
bool lies_below(const char *path, const char *directory);

/* A clone of what is mounted at `fd`, and its place among the mounts of this namespace. `shown` is for the reader. */
int clone_of(int fd, unsigned how, const char *shown);
void attach(int tree, int target, const char *shown);
int open_place(const char *path);

/* From here on system calls that would leave set-user-ID programs or device nodes in a share answer EPERM. */
void deny_system_calls(void);

#endif
