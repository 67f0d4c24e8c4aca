/* Kernel interfaces that are not namespaced. */
#include "attempts.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/io_uring.h>
#include <linux/keyctl.h>
#include <linux/netlink.h>
#include <linux/userfaultfd.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>
#include <sys/ptrace.h>
#include <sys/quota.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int result(long value)
{
	return value < 0 ? errno : 0;
}

int attempt_ioperm(char **arguments)
{
	(void)arguments;
	return result(ioperm(0x80, 1, 1));
}

int attempt_io_uring(char **arguments)
{
	(void)arguments;
	struct io_uring_params parameters;
	memset(&parameters, 0, sizeof parameters);
	return result(syscall(SYS_io_uring_setup, 1U, &parameters));
}

/* With faults of the kernel it can stop a system call of the kernel in the middle, for as long as it likes. */
int attempt_userfaultfd_kernel(char **arguments)
{
	(void)arguments;
	return result(syscall(SYS_userfaultfd, O_CLOEXEC));
}

int attempt_userfaultfd_user(char **arguments)
{
	(void)arguments;
	return result(syscall(SYS_userfaultfd, O_CLOEXEC | UFFD_USER_MODE_ONLY));
}

/* Asks the audit system for a status change with an empty mask, which would change nothing. */
int attempt_audit_write(char **arguments)
{
	(void)arguments;
	struct {
		struct nlmsghdr header;
		struct audit_status status;
	} request;
	struct {
		struct nlmsghdr header;
		struct nlmsgerr error;
		char rest[4096];
	} answer;
	memset(&request, 0, sizeof request);
	request.header.nlmsg_len = sizeof request;
	request.header.nlmsg_type = AUDIT_SET;
	request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	const int netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT);
	if (netlink < 0)
		return errno;
	int error = result(send(netlink, &request, sizeof request, 0));
	if (error == 0 && recv(netlink, &answer, sizeof answer, 0) < 0)
		error = errno;
	else if (error == 0)
		error = answer.header.nlmsg_type == NLMSG_ERROR ? -answer.error.error : EPROTO;
	close(netlink);
	return error;
}

int attempt_realtime(char **arguments)
{
	(void)arguments;
	const struct sched_param parameters = { .sched_priority = 1 };
	return result(sched_setscheduler(0, SCHED_FIFO, &parameters));
}

/* NULL switches accounting off, which it is. */
int attempt_acct(char **arguments)
{
	(void)arguments;
	return result(acct(NULL));
}

/* Of a disk whose quotas are off. */
int attempt_quota(char **arguments)
{
	(void)arguments;
	return result(quotactl(QCMD(Q_QUOTAOFF, USRQUOTA), "/dev/vda", 0, NULL));
}

int attempt_ptrace(char **arguments)
{
	return result(ptrace(PTRACE_SEIZE, (pid_t)strtol(arguments[0], NULL, 10), NULL, NULL));
}

/* What `unshare --time` does. */
int attempt_time_namespace(char **arguments)
{
	(void)arguments;
	if (unshare(CLONE_NEWTIME) != 0)
		return errno;
	const pid_t child = fork();
	if (child < 0)
		return errno;
	if (child == 0)
		_exit(0);
	int status;
	if (waitpid(child, &status, 0) != child)
		return errno;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : ECHILD;
}

/* The user keyring belongs to a user id of the kernel, not to a container. */
int attempt_keyring_put(char **arguments)
{
	return result(syscall(SYS_add_key, "user", arguments[0], "x", 1UL, KEY_SPEC_USER_KEYRING));
}

int attempt_keyring_search(char **arguments)
{
	return result(syscall(SYS_keyctl, KEYCTL_SEARCH, KEY_SPEC_USER_KEYRING, "user", arguments[0], 0));
}
