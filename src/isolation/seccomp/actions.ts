import type { SeccompAction } from '../../oci/seccomp.js';

/** Actions that stop the call. All others let it through, or let somebody else decide (TRACE, NOTIFY). */
const stopping = new Set<SeccompAction>([
  'SCMP_ACT_KILL',
  'SCMP_ACT_KILL_PROCESS',
  'SCMP_ACT_KILL_THREAD',
  'SCMP_ACT_TRAP',
  'SCMP_ACT_ERRNO',
]);

export function stops(action: SeccompAction): boolean {
  return stopping.has(action);
}
