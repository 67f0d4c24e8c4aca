/* probe NAME [ARGUMENT]: prints "ok" where the kernel allowed the operation, else the name of the errno.
 * Exit status 0 when the probe could be run at all, whatever it found; 64 for wrong usage. */
#include "probes.h"

#include <stdio.h>
#include <string.h>

struct probe {
	const char *name;
	int arguments;
	probe_function *run;
};

static const struct probe probes[] = {
	{ "add-key", 0, probe_add_key },
	{ "bpf-map-create", 0, probe_bpf_map_create },
	{ "bpf-next-id", 0, probe_bpf_next_id },
	{ "finit-module", 0, probe_finit_module },
	{ "init-module", 0, probe_init_module },
	{ "iopl", 0, probe_iopl },
	{ "kexec-load", 0, probe_kexec_load },
	{ "mount-setattr-rw", 1, probe_mount_setattr_rw },
	{ "open-by-handle", 0, probe_open_by_handle },
	{ "open-tree-rw", 1, probe_open_tree_rw },
	{ "perf-open", 0, probe_perf_open },
	{ "read-block", 1, probe_read_block },
	{ "reboot", 0, probe_reboot },
	{ "remount-rw", 1, probe_remount_rw },
	{ "settime", 0, probe_settime },
	{ "userns-nested", 0, probe_userns_nested },
	{ "vsock-socket", 0, probe_vsock_socket },
};

static int usage(void)
{
	fputs("usage: probe NAME [ARGUMENT]\n", stderr);
	for (size_t i = 0; i < sizeof probes / sizeof probes[0]; i++)
		fprintf(stderr, "  %s%s\n", probes[i].name, probes[i].arguments == 0 ? "" : " ARGUMENT");
	return 64;
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return usage();
	for (size_t i = 0; i < sizeof probes / sizeof probes[0]; i++) {
		if (strcmp(argv[1], probes[i].name) != 0 || argc - 2 != probes[i].arguments)
			continue;
		const int error = probes[i].run(argv + 2);
		if (error == 0)
			puts("ok");
		else if (strerrorname_np(error) != NULL)
			puts(strerrorname_np(error));
		else
			printf("errno-%d\n", error);
		return error == 0 ? 0 : 1;
	}
	return usage();
}
