/* Mounts a tmpfs and unmounts it, 1,000 times, 20 times over. */
#include "timing.h"

#include <errno.h>
#include <sys/mount.h>
#include <sys/stat.h>

static void pass(void) {
	for (int i = 0; i < 1000; i++) {
		check(mount("none", "/mnt", "tmpfs", 0, NULL), "mount");
		check(umount2("/mnt", 0), "umount");
	}
}

int main(void) {
	if (mkdir("/mnt", 0755) < 0 && errno != EEXIST) check(-1, "mkdir");
	return print_fastest(20, pass);
}
