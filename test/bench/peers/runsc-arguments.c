/*
 * Becomes runsc with the options it needs here. dockerd would write a shell script for options in its configuration, and
 * the image has no shell. Its platform systrap needs no KVM; it keeps out of the cgroups, which are not its to make; and its
 * own network stack refuses to start because it takes any network namespace of a current kernel for the machine's.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv) {
	char *fixed[] = {"/run/bench/runsc", "--platform=systrap", "--ignore-cgroups", "--network=none"};
	enum { FIXED = sizeof fixed / sizeof *fixed };
	char **list = calloc((size_t)argc + FIXED, sizeof *list);
	if (list == NULL) return 1;
	for (int i = 0; i < FIXED; i++) list[i] = fixed[i];
	for (int i = 1; i < argc; i++) list[FIXED + i - 1] = argv[i];
	execv(list[0], list);
	perror(list[0]);
	return 127;
}
