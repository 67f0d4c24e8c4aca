/* Access to a block device behind the container's back. */
#include "probes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* MAJOR:MINOR. Makes a node and reads one sector through it; the node is removed again. */
int probe_read_block(char **arguments)
{
	unsigned int major_number;
	unsigned int minor_number;
	char rest;
	if (sscanf(arguments[0], "%u:%u%c", &major_number, &minor_number, &rest) != 2)
		return EINVAL;
	char path[64];
	snprintf(path, sizeof path, "/tmp/.probe-block-%d", (int)getpid());
	if (mknod(path, S_IFBLK | 0600, makedev(major_number, minor_number)) != 0)
		return errno;
	char sector[512];
	const int device = open(path, O_RDONLY | O_CLOEXEC);
	int error = device < 0 ? errno : 0;
	if (device >= 0 && read(device, sector, sizeof sector) < 0)
		error = errno;
	if (device >= 0)
		close(device);
	unlink(path);
	return error;
}
