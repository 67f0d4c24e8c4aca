#define _GNU_SOURCE
#include "guard.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

static void write_map(const char *file, const char *text)
{
	const int fd = open(file, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		die(file);
	close(fd);
}

/* Root of it is this user and nobody else: what the server may do to files is what the user may. The groups stay, which no system call can change any more. */
static void enter_user_namespace(void)
{
	char map[32];
	const uid_t uid = geteuid();
	const gid_t gid = getegid();

	if (unshare(CLONE_NEWUSER) != 0)
		die("this machine gives its users no user namespaces");
	write_map("/proc/self/setgroups", "deny");
	snprintf(map, sizeof map, "0 %u 1", uid);
	write_map("/proc/self/uid_map", map);
	snprintf(map, sizeof map, "0 %u 1", gid);
	write_map("/proc/self/gid_map", map);
}

void enter_namespaces(void)
{
	if (geteuid() != 0)
		enter_user_namespace();
	if (unshare(CLONE_NEWNS) != 0)
		die("no mount namespace can be made");
	/* Nor does what the machine mounts later appear here: nobody would have judged it. */
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
		die("the mount namespace cannot be made private");
}
