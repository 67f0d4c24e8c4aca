import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { splitProcessStat } from '../../common/process-stat.js';
import { cgroupRoot } from '../planning/delegate-cgroups.js';

/**
 * The engine's own cgroup of the freezer of cgroup v1: nobody freezes it, and what is moved there is thawed (freezer_attach(), Linux 6.18).
 * Absent with cgroup v2, whose freezer lets SIGKILL through.
 */
const freezer = `${cgroupRoot}/freezer/cgroup.procs`;
/** SIGKILL among pending signals. */
const killed = 1 << 8;

export interface FrozenWorld {
  readonly proc: string;
  readonly freezer: string;
}

/**
 * Thaws every process that was killed while it was frozen, so that it ends. Threat: with cgroup v1 a frozen process takes no signal at all
 * (cgroup-v1/freezer-subsystem.rst). A container to which its cgroup is delegated can freeze one of its own processes, and then be neither stopped
 * nor removed: its pid namespace ends when the last process in it has. An inner engine does it with `docker pause`.
 *
 * What is not being killed stays as it is.
 *
 * @returns the pids. Reads /proc once; cheap enough to be called every few seconds.
 */
export function thawKilled({ proc, freezer: members }: FrozenWorld = { proc: '/proc', freezer }): number[] {
  if (!existsSync(members)) return [];
  const pids = readdirSync(proc).filter((name) => /^\d+$/.test(name));
  return pids.flatMap((pid) => {
    try {
      if (!holdsBack(`${proc}/${pid}`)) return [];
      // It can't have become another process: only when it is thawed it ends.
      writeFileSync(members, pid);
      return [Number(pid)];
    } catch {
      return []; // it has ended meanwhile
    }
  });
}

/** The first thread may have ended before the one that is frozen. */
function holdsBack(process: string): boolean {
  const { state } = splitProcessStat(readFileSync(`${process}/stat`, 'latin1'));
  if (state !== 'D' && state !== 'Z') return false;
  return readdirSync(`${process}/task`).some((thread) => {
    const { state: own, pendingSignals } = splitProcessStat(
      readFileSync(`${process}/task/${thread}/stat`, 'latin1'),
    );
    return own === 'D' && (Number(pendingSignals) & killed) !== 0;
  });
}
