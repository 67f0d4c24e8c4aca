import type { Seccomp } from '../../oci/seccomp.js';

/** The shape and size of Docker's default profile: one long allow list and conditional entries. */
export function dockerSeccomp(): Seccomp {
  const allow = (...names: string[]) => ({ names, action: 'SCMP_ACT_ALLOW' as const });
  return {
    defaultAction: 'SCMP_ACT_ERRNO',
    defaultErrnoRet: 1,
    architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32'],
    syscalls: [
      allow(...commonCalls, ...Array.from({ length: 330 }, (_, index) => `future_call_${index}`)),
      { ...allow('socket'), args: [{ index: 0, value: 40, op: 'SCMP_CMP_NE' }] },
      ...[0, 8, 131_072, 131_080, 4_294_967_295].map((value) => ({
        ...allow('personality'),
        args: [{ index: 0, value, op: 'SCMP_CMP_EQ' as const }],
      })),
      allow('sync_file_range2', 'swapcontext'),
      allow('arch_prctl'),
      allow('modify_ldt'),
      allow('chroot'),
      {
        ...allow('clone'),
        args: [{ index: 0, value: 2_114_060_288, valueTwo: 0, op: 'SCMP_CMP_MASKED_EQ' }],
      },
      { names: ['clone3'], action: 'SCMP_ACT_ERRNO', errnoRet: 38 },
    ],
  };
}

const commonCalls = (
  'accept accept4 access bind brk capget capset chdir close connect dup epoll_wait execve exit fork fstat futex ' +
  'getpid ioctl kill lseek mmap open openat pipe poll read recvmsg sendmsg socketcall socketpair write'
).split(' ');
