/* attempt NAME [ARGUMENT...]: prints "ok" and exits with 0 where the kernel allowed it, else prints the name of the errno and
 * exits with 1; 64 for wrong usage. */
#include "attempts.h"

#include <stdio.h>
#include <string.h>

static const struct {
	const char *name;
	int arguments;
	attempt_function *run;
} attempts[] = {
	{ "acct", 0, attempt_acct },
	{ "agent-hold", 2, attempt_agent_hold },
	{ "agent-keys", 1, attempt_agent_keys },
	{ "agent-say", 2, attempt_agent_say },
	{ "ask-engine", 3, attempt_ask_engine },
	{ "audit-write", 0, attempt_audit_write },
	{ "exchange", 2, attempt_exchange },
	{ "flock", 1, attempt_flock },
	{ "fspick-rw", 1, attempt_fspick_rw },
	{ "hear", 2, attempt_hear },
	{ "io-uring", 0, attempt_io_uring },
	{ "ioperm", 0, attempt_ioperm },
	{ "keyring-put", 1, attempt_keyring_put },
	{ "keyring-search", 1, attempt_keyring_search },
	{ "move-mount", 2, attempt_move_mount },
	{ "new-namespaces", 0, attempt_new_namespaces },
	{ "openat2", 3, attempt_openat2 },
	{ "ptrace", 1, attempt_ptrace },
	{ "quota", 0, attempt_quota },
	{ "realtime", 0, attempt_realtime },
	{ "record-lock", 1, attempt_record_lock },
	{ "shared-mapping", 1, attempt_shared_mapping },
	{ "time-namespace", 0, attempt_time_namespace },
	{ "unix-i386", 0, attempt_unix_i386 },
	{ "unix-socket", 1, attempt_unix_socket },
	{ "userfaultfd-kernel", 0, attempt_userfaultfd_kernel },
	{ "userfaultfd-user", 0, attempt_userfaultfd_user },
	{ "vsock-i386", 0, attempt_vsock_i386 },
	{ "vsock-socketcall", 0, attempt_vsock_socketcall },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc >= 2 && i < sizeof attempts / sizeof attempts[0]; i++) {
		if (strcmp(argv[1], attempts[i].name) != 0 || argc - 2 != attempts[i].arguments)
			continue;
		const int error = attempts[i].run(argv + 2);
		const char *name = error == 0 ? "ok" : strerrorname_np(error);
		puts(name == NULL ? "unknown errno" : name);
		return error == 0 ? 0 : 1;
	}
	fputs("usage: attempt NAME [ARGUMENT...]\n", stderr);
	return 64;
}
