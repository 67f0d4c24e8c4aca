#define _GNU_SOURCE
#include "guard.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/fs.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452
#endif

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
/* The low half; every machine this runs on has it first. */
#define ARGUMENT(index) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(offsetof(struct seccomp_data, args) + 8 * (index)))
#define ANSWER(value) BPF_STMT(BPF_RET | BPF_K, (value))
#define REFUSED (SECCOMP_RET_ERRNO | EPERM)
#define UNKNOWN (SECCOMP_RET_ERRNO | ENOSYS)

/* The call fails when its mode, argument `index`, has one of the two bits. */
#define NO_SET_ID(call, index)                                                                                                                       \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (call), 0, 4), ARGUMENT(index), BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, S_ISUID | S_ISGID, 0, 1),           \
		ANSWER(REFUSED), ANSWER(SECCOMP_RET_ALLOW)

/* What a whiteout leaves is a character device, 0:0, which the kernel lets everybody make. */
#define NO_WHITEOUT(call, index)                                                                                                                     \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (call), 0, 4), ARGUMENT(index), BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, RENAME_WHITEOUT, 0, 1),              \
		ANSWER(REFUSED), ANSWER(SECCOMP_RET_ALLOW)

/* Likewise of the kind of node: pipes, sockets and files may be made. */
#define NO_DEVICE(call, index)                                                                                                                       \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (call), 0, 8), ARGUMENT(index), BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, S_ISUID | S_ISGID, 4, 0),           \
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, S_IFMT), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, S_IFCHR, 2, 0),                                    \
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, S_IFBLK, 1, 0), ANSWER(SECCOMP_RET_ALLOW), ANSWER(REFUSED), ANSWER(SECCOMP_RET_ALLOW)

static const struct sock_filter FILTER[] = {
	LOAD(arch),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0),
	ANSWER(SECCOMP_RET_KILL_PROCESS),
	LOAD(nr),
	/* The x32 calls: the same under other numbers. */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1),
	ANSWER(SECCOMP_RET_KILL_PROCESS),
	NO_SET_ID(SYS_chmod, 1),
	NO_SET_ID(SYS_fchmod, 1),
	NO_SET_ID(SYS_fchmodat, 2),
	NO_SET_ID(SYS_fchmodat2, 2),
	NO_SET_ID(SYS_creat, 1),
	NO_SET_ID(SYS_open, 2),
	NO_SET_ID(SYS_openat, 3),
	NO_SET_ID(SYS_mkdir, 1),
	NO_SET_ID(SYS_mkdirat, 2),
	NO_WHITEOUT(SYS_renameat2, 4),
	NO_DEVICE(SYS_mknod, 1),
	NO_DEVICE(SYS_mknodat, 2),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
	ANSWER(UNKNOWN),
	ANSWER(SECCOMP_RET_ALLOW),
};

/*
 * Threat: a container is root of its share, and what it leaves there with the set-user-ID bit would run as the user, or as root where root has shared it, for everybody
 * on this machine. openat2(2) hands its mode over in memory, out of a filter's sight: virtiofsd does without it where it is not known.
 */
void deny_system_calls(void)
{
	const struct sock_fprog program = {.len = sizeof FILTER / sizeof *FILTER, .filter = (struct sock_filter *)(uintptr_t)FILTER};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
		die("no system call filter can be set");
}
