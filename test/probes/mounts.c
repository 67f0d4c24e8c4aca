/* Ways of the mount API of Linux 5.2 to make a read-only mount writable, beside those of vm-image/probe/mounts.c. */
#include "attempts.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

static int result(long value)
{
	return value < 0 ? errno : 0;
}

/* Reconfigures the file system itself, not the mount: for that the caller must own it. */
int attempt_fspick_rw(char **arguments)
{
	const int context = (int)syscall(SYS_fspick, AT_FDCWD, arguments[0], FSPICK_CLOEXEC);
	if (context < 0)
		return errno;
	int error = result(syscall(SYS_fsconfig, context, FSCONFIG_SET_FLAG, "rw", NULL, 0));
	if (error == 0)
		error = result(syscall(SYS_fsconfig, context, FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0));
	close(context);
	return error;
}

/* A mount that is moved away uncovers what is below it. */
int attempt_move_mount(char **arguments)
{
	return result(syscall(SYS_move_mount, AT_FDCWD, arguments[0], AT_FDCWD, arguments[1], 0));
}
