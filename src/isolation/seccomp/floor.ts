/** errno(3) values a denied call answers; chosen so that programs fall back as on a kernel without the call. */
export const EPERM = 1;
const EACCES = 13;
const ENOSYS = 38;
const EAFNOSUPPORT = 97;

/** A call denied whatever its arguments are. */
export interface DeniedCall {
  readonly name: string;
  readonly errno: number;
}

/**
 * A call denied when one argument, masked, has one value. The mask covers low bits only: the kernel looks at 32 bits of
 * an int argument while seccomp compares 64, so `socket(2^32 + 40, …)` passes a rule "not equal 40" and opens vsock.
 */
export interface DeniedArgument extends DeniedCall {
  readonly index: number;
  /** 2^n - 1; bits above it are never compared. Values that only differ above it are invalid for the call anyway. */
  readonly mask: number;
  readonly value: number;
  /** Whether `0..mask` are all the values that mean anything, so that a profile's own conditions can be spelled out. */
  readonly enumerable: boolean;
}

/**
 * What no container may call, `--privileged` and `seccomp=unconfined` included. Most of it the kernel denies in a user
 * namespace already; the floor is there for the day it does not (each of these had such a day), and because a denied
 * call is no attack surface.
 *
 * Left open on purpose, because Docker-in-Docker, systemd and podman inside need them and mounts are locked by the
 * kernel instead: the mount family (old and new), pivot_root, chroot, setns, unshare, clone, keyctl, ptrace, reboot (it
 * ends the pid namespace; systemd's way to stop), mknod, sethostname, name_to_handle_at, personality, adjtimex.
 */
const refusedForGood = [
  // Kernel code and memory.
  'init_module finit_module delete_module create_module kexec_load kexec_file_load',
  // Hardware ports.
  'iopl ioperm',
  // Opens any file of a mounted file system by number, past every mount boundary ("shocker").
  'open_by_handle_at',
  // Administration of the whole machine; syslog is the kernel's log of all containers.
  'swapon swapoff acct quotactl quotactl_fd syslog settimeofday clock_settime clock_settime64 stime',
  // Needs rights in the initial namespace for everything but what Debian disables. Inner runc and crun, which load a
  // device program on cgroup v2, skip it in a user namespace when it fails; systemd probes and goes without.
  'bpf',
].flatMap((names) => names.split(' '));

export const deniedCalls: readonly DeniedCall[] = [
  ...refusedForGood.map((name) => ({ name, errno: EPERM })),
  // A steady source of kernel vulnerabilities; perf(1) reports EACCES as a matter of permission.
  { name: 'perf_event_open', errno: EACCES },
  // Its operations (IORING_OP_SOCKET since 5.19) are not seen by seccomp, so it would undo the rule on sockets.
  // Programs take ENOSYS for an older kernel and use epoll.
  { name: 'io_uring_setup', errno: ENOSYS },
  { name: 'io_uring_enter', errno: ENOSYS },
  { name: 'io_uring_register', errno: ENOSYS },
];

const AF_VSOCK = 40;
const SYS_SOCKET = 1;
const UFFD_USER_MODE_ONLY = 1;

export const deniedArguments: readonly DeniedArgument[] = [
  // The virtual machine's socket to its host; it has no namespace. Families end at 46, so six bits tell them apart.
  { name: 'socket', index: 0, mask: 63, value: AF_VSOCK, enumerable: true, errno: EAFNOSUPPORT },
  // The same by i386's multiplexer, whose family lies in memory where seccomp cannot look. Costs: 32-bit glibc programs
  // (linux/386 images) open no sockets; `bulkhead.seccompExempt: ["socketcall"]` gives them back. Calls end at 20.
  { name: 'socketcall', index: 0, mask: 31, value: SYS_SOCKET, enumerable: true, errno: EAFNOSUPPORT },
  // Without the flag it stops the kernel itself at a page fault, which turns races in the kernel into certainties.
  { name: 'userfaultfd', index: 0, mask: UFFD_USER_MODE_ONLY, value: 0, enumerable: false, errno: EPERM },
];
