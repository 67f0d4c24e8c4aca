/* Shared declarations of the native-mode entry program. */
#ifndef BULKHEAD_ENTER_H
#define BULKHEAD_ENTER_H

#include <stddef.h>

struct enter_options {
	const char *root;        /* erofs image file, or a directory */
	const char *data;        /* directory bound to /var/lib/docker's parent */
	const char *host_dir;    /* directory shared with the host: docker.sock, control.sock */
	const char *cgroup;      /* name of the cgroup made for this engine, no slash */
	const char *phase_fd;    /* handed on to init unread */
};

/* Ends the program with status 1 and one line on standard error. */
_Noreturn void die(const char *what);
_Noreturn void die_text(const char *what, const char *detail);

/* Writes `text` to an existing file; ends the program when that fails. */
void write_file(const char *path, const char *text);
void make_dir(const char *path, unsigned mode);
/* mount(2) that ends the program on failure. */
void must_mount(const char *source, const char *target, const char *type, unsigned long flags, const char *data);

/* Makes the engine's cgroup below every hierarchy of the host and moves this process there. */
void cgroup_enter(const char *name);
/* Mounts the hierarchies again inside the new cgroup namespace, below `target`. */
void cgroup_mount(const char *target);
/* Removes the engine's cgroups, deepest first. Called outside, after every process has gone. */
void cgroup_remove(const char *name);

/* Builds the mount tree of the engine and makes it `/`. */
void tree_enter(const struct enter_options *options);

#endif
