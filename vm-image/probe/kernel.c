/* Operations on the kernel as a whole: none of them is namespaced, so a container must be refused all of them. */
#include "probes.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <linux/reboot.h>
#include <linux/vm_sockets.h>
#include <sched.h>
#include <stdint.h>
#include <string.h>
#include <sys/io.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int result(long value)
{
	return value < 0 ? errno : 0;
}

/* Finding the first program id needs CAP_SYS_ADMIN in the initial user namespace. ENOENT means that it was allowed and no
 * program is loaded. */
int probe_bpf_next_id(char **arguments)
{
	(void)arguments;
	union bpf_attr attributes;
	memset(&attributes, 0, sizeof attributes);
	const int error = result(syscall(SYS_bpf, BPF_PROG_GET_NEXT_ID, &attributes, sizeof attributes));
	return error == ENOENT ? 0 : error;
}

int probe_bpf_map_create(char **arguments)
{
	(void)arguments;
	union bpf_attr attributes;
	memset(&attributes, 0, sizeof attributes);
	attributes.map_type = BPF_MAP_TYPE_ARRAY;
	attributes.key_size = 4;
	attributes.value_size = 4;
	attributes.max_entries = 1;
	return result(syscall(SYS_bpf, BPF_MAP_CREATE, &attributes, sizeof attributes));
}

/* The permission check comes before the module is looked at: ENOEXEC means that it was allowed. */
int probe_init_module(char **arguments)
{
	(void)arguments;
	static const char not_a_module[64] = "not a module";
	return result(syscall(SYS_init_module, not_a_module, sizeof not_a_module, ""));
}

int probe_finit_module(char **arguments)
{
	(void)arguments;
	const int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	if (file < 0)
		return errno;
	const int error = result(syscall(SYS_finit_module, file, "", 0));
	close(file);
	return error;
}

/* No segments: success unloads a prepared kernel, of which there is none. */
int probe_kexec_load(char **arguments)
{
	(void)arguments;
	return result(syscall(SYS_kexec_load, 0UL, 0UL, NULL, 0UL));
}

/* CPU 0, every process: what a container could watch the others with. */
int probe_perf_open(char **arguments)
{
	(void)arguments;
	struct perf_event_attr attributes;
	memset(&attributes, 0, sizeof attributes);
	attributes.size = sizeof attributes;
	attributes.type = PERF_TYPE_SOFTWARE;
	attributes.config = PERF_COUNT_SW_CPU_CLOCK;
	return result(syscall(SYS_perf_event_open, &attributes, -1, 0, -1, PERF_FLAG_FD_CLOEXEC));
}

/* Into the keyring of the thread, which ends with it. */
int probe_add_key(char **arguments)
{
	(void)arguments;
	const int thread_keyring = -1;
	return result(syscall(SYS_add_key, "user", "bulkhead-probe", "x", 1UL, thread_keyring));
}

/* The command does nothing but switch Ctrl-Alt-Del to a signal, which a container in its own pid namespace is not asked about:
 * reboot(2) checks CAP_SYS_BOOT first, then treats other commands in a pid namespace as EINVAL. */
int probe_reboot(char **arguments)
{
	(void)arguments;
	return result(syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, LINUX_REBOOT_CMD_CAD_OFF, NULL));
}

/* Sets the clock to what it shows. */
int probe_settime(char **arguments)
{
	(void)arguments;
	struct timespec now;
	if (clock_gettime(CLOCK_REALTIME, &now) != 0)
		return errno;
	return result(clock_settime(CLOCK_REALTIME, &now));
}

int probe_iopl(char **arguments)
{
	(void)arguments;
	return result(iopl(3));
}

int probe_vsock_socket(char **arguments)
{
	(void)arguments;
	return result(socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

/* Allowed on purpose in a container with the privilege: engines in containers need it. Done in a child, because it cannot be undone. */
int probe_userns_nested(char **arguments)
{
	(void)arguments;
	const pid_t child = fork();
	if (child < 0)
		return errno;
	if (child == 0)
		_exit(unshare(CLONE_NEWUSER) == 0 ? 0 : errno);
	int status;
	if (waitpid(child, &status, 0) != child)
		return errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
}
