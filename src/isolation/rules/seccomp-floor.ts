import { type Rule, withLinux } from '../draft.js';
import { refuse } from '../refuse.js';
import type { EngineFacts } from '../request.js';
import { mergeFloor } from '../seccomp/merge.js';

const name = 'seccomp-floor';

/**
 * The native architecture and those whose programs its kernel also runs: libseccomp kills calls of any other, and a
 * privileged container without a profile must go on running 32-bit programs.
 */
const architectures: Readonly<Record<EngineFacts['architecture'], readonly string[]>> = {
  x64: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32'],
  arm64: ['SCMP_ARCH_AARCH64', 'SCMP_ARCH_ARM'],
};

/**
 * Threat: `--privileged` and `seccomp=unconfined` run without any filter; vsock, which has no namespace, then reaches
 * the hypervisor's side, and every system call with a history of holes is open. A floor stays (seccomp/floor.ts).
 */
export const seccompFloorRule: Rule = {
  name,
  why: 'some system calls stay closed under every profile and under none',
  apply(draft, { engine, policy }) {
    const merged = mergeFloor(
      draft.spec.linux.seccomp,
      architectures[engine.architecture],
      policy.seccompExempt,
    );
    if (typeof merged === 'string') refuse('BH_ISOLATION_SECCOMP', name, policy, { reason: merged });
    return withLinux(draft, { seccomp: merged });
  },
};
