import type { Process } from '../../oci/process.js';
import type { Rule } from '../draft.js';
import { refuse } from '../refuse.js';
import type { IsolationRequest } from '../request.js';

const name = 'process';

/** Policies that cannot starve other containers (sched(7)); the real-time ones run before everything else. */
const ordinaryScheduling = new Set(['SCHED_OTHER', 'SCHED_BATCH', 'SCHED_IDLE']);

/** What processes have that nobody gave another (proc_pid_oom_score_adj(5)). */
const ordinaryOomScoreAdj = 0;

/**
 * Threat: a process that the out-of-memory killer spares or the scheduler always prefers takes the VM down with it.
 * runc applies both before it enters the user namespace, so the kernel does not stop them. Where the engine itself lacks
 * CAP_SYS_RESOURCE (native mode in a container) the kernel does, and no container would start: the score is raised to what may be given.
 * BuildKit gives its steps none, and they would inherit the engine's own, -900: every container, then engine and bulkheadd would be killed before them.
 *
 * Ids outside the mapping are refused here because the kernel's own error (EINVAL from setgroups) explains nothing.
 * Capabilities, rlimits, AppArmor and SELinux labels pass: inside the user namespace they only confine further.
 */
export const processRule: Rule = {
  name,
  why: 'no process may be spared when memory runs out or run before all others, and its ids must exist',
  apply(draft, request) {
    const { process, ...spec } = draft.spec;
    if (process === undefined) return draft;
    checkIds(process, draft.ids.size, request);
    checkScheduling(process, request);
    const { oomScoreAdj = ordinaryOomScoreAdj } = process;
    const clamped = Math.max(
      oomScoreAdj,
      request.policy.minimumOomScoreAdj,
      request.engine.lowestOomScoreAdj,
    );
    return { ...draft, spec: { ...spec, process: { ...process, oomScoreAdj: clamped } } };
  },
};

function checkIds({ user }: Process, size: number, { policy }: IsolationRequest): void {
  const ids: [string, number][] = [
    ['user', user.uid],
    ['group', user.gid],
    ...(user.additionalGids ?? []).map((gid): [string, number] => ['group', gid]),
  ];
  for (const [kind, id] of ids) {
    if (id >= size) refuse('BH_ISOLATION_ID_OUTSIDE_RANGE', name, policy, { kind, id, highest: size - 1 });
  }
}

function checkScheduling({ scheduler, ioPriority }: Process, { policy }: IsolationRequest): void {
  if (scheduler !== undefined && !ordinaryScheduling.has(scheduler.policy)) {
    refuse('BH_ISOLATION_FIELD_REFUSED', name, policy, {
      field: `process.scheduler.policy ${scheduler.policy}`,
      reason: 'real-time scheduling starves every other container',
    });
  }
  if (ioPriority?.class === 'IOPRIO_CLASS_RT') {
    refuse('BH_ISOLATION_FIELD_REFUSED', name, policy, {
      field: 'process.ioPriority.class IOPRIO_CLASS_RT',
      reason: 'real-time input/output starves every other container',
    });
  }
}
