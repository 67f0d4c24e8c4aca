/* Shared declarations of the native-mode entry program. */
#ifndef BULKHEAD_ENTER_H
#define BULKHEAD_ENTER_H

#include <stdbool.h>
#include <stddef.h>

#define MAX_SHARES 64

/* A directory of the host, as a descriptor, and where it appears. */
struct share {
	int fd;
	int read_only;
	const char *path;
};

struct enter_options {
	const char *root;        /* erofs image file, or a directory */
	const char *data;        /* directory bound to /var/lib/docker's parent */
	const char *host_dir;    /* directory shared with the host: docker.sock, control.sock */
	const char *cgroup;      /* name of the cgroup made for this engine, no slash */
	const char *phase_fd;    /* handed on to init unread */
	struct share shares[MAX_SHARES];
	size_t share_count;
	int agent_fd;            /* the socket of the ssh agent, or -1 */
	int policy_fd;           /* the organization's policy, or -1 */
	int settings_fd;         /* the user's settings, or -1 */
	int registry_fd;         /* the machine's registry.json, or -1 */
	int publishers_fd;       /* the list of verified publishers, or -1 */
	int authority_fd;        /* whose certificates the engine is to trust beside the image's, or -1 */
	const char *egress;      /* where the gateway finds the relay, or NULL: there is no way out */
	const char *relay;       /* the program */
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

/* Reads a descriptor this program inherited, up to the character `end`; `rest` is where that stands. */
int descriptor_of(char *text, char end, char **rest);
/* An empty file in memory, to be sealed by memory_seal. Not close-on-exec: it is handed on to init. */
int memory_file(const char *name);
/* From here on nobody changes it, for as long as bulkheadd may read it again. */
void memory_seal(int fd);
/* A sealed copy of a file for init to hand on; `what` it is, in one word. */
int sealed_copy(int fd, const char *what);

/* Reads `rw:FD:PATH` or `ro:FD:PATH`. */
void share_parse(struct enter_options *options, char *text);
/* Clones what the descriptors lead to; still in the mount namespace they were opened in, as open_tree(2) demands. */
void shares_clone(const struct enter_options *options);
/* Mounts the clones below `root`, on directories made where they are missing. */
void shares_attach(const struct enter_options *options, const char *root);
/* A sealed list of them for init to hand on. */
int shares_list(const struct enter_options *options);

/* Replaces the read-only root mounted on `root` by a tmpfs of binds, in which mount points for shares can be made; and makes that one read-only. */
void mirror_root(const struct enter_options *options, const char *root);
void mirror_close(const char *root);

/* Starts what keeps the relay, in the namespaces of the host; returns where it is handed the sockets. */
int egress_start_relay(const struct enter_options *options);
/* Gives the network namespace of this process its way out, and hands the end of it over. */
void egress_open(int keeper, bool is_read);

/* Builds the mount tree of the engine and makes it `/`. */
void tree_enter(const struct enter_options *options);

#endif
