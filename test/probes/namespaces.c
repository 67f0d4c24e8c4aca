/* New namespaces, and paths resolved with restrictions: what a program may do on any kernel. */
#include "attempts.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sched.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* The status of a child is its errno. */
static int in_child(unsigned long flags)
{
	int status;
	const pid_t child = fork();
	if (child == 0)
		_exit(unshare((int)flags) == 0 ? 0 : errno);
	if (child < 0 || waitpid(child, &status, 0) != child)
		return errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
}

/* Each kind alone, then all at once but those of time, which clone(2) does not make. */
int attempt_new_namespaces(char **arguments)
{
	static const unsigned long kinds[] = { CLONE_NEWNS,  CLONE_NEWUTS,  CLONE_NEWIPC,    CLONE_NEWNET,
					       CLONE_NEWPID, CLONE_NEWUSER, CLONE_NEWCGROUP, CLONE_NEWTIME };
	unsigned long all = 0;
	(void)arguments;
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		const int error = in_child(kinds[i]);
		if (error != 0)
			return error;
		if (kinds[i] != CLONE_NEWTIME)
			all |= kinds[i];
	}
	return in_child(all);
}

/* DIRECTORY PATH FLAG: opens PATH from DIRECTORY with one of the restrictions of openat2(2). */
int attempt_openat2(char **arguments)
{
	static const struct {
		const char *name;
		uint64_t flag;
	} flags[] = { { "none", 0 },
		      { "no-symlinks", RESOLVE_NO_SYMLINKS },
		      { "no-magiclinks", RESOLVE_NO_MAGICLINKS },
		      { "no-xdev", RESOLVE_NO_XDEV },
		      { "beneath", RESOLVE_BENEATH },
		      { "in-root", RESOLVE_IN_ROOT } };
	struct open_how how = { .flags = O_PATH | O_CLOEXEC };
	size_t known = 0;

	while (known < sizeof flags / sizeof flags[0] && strcmp(flags[known].name, arguments[2]) != 0)
		known++;
	if (known == sizeof flags / sizeof flags[0])
		return EINVAL;
	how.resolve = flags[known].flag;
	const int directory = open(arguments[0], O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (directory < 0)
		return errno;
	const int found = (int)syscall(SYS_openat2, directory, arguments[1], &how, sizeof how);
	const int error = found < 0 ? errno : 0;
	if (found >= 0)
		close(found);
	close(directory);
	return error;
}
