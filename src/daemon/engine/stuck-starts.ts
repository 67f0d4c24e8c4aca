import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { uptime } from 'node:os';
import { splitProcessStat } from '../../common/process-stat.js';
import { isOpening, releaseBlockedOpens } from './blocked-opens.js';
import { runcProgram, shimProgram } from '../reaping/engine-programs.js';
import { enginePaths } from './engine-facts.js';

/**
 * The names runc gives the thread that becomes a container's first process; the one before the last it still has just after its clone
 * (libcontainer/nsenter/nsexec.c). Not the command line: the kernel reads that from the memory of the process. Threat: a container's
 * process holds the lock of its memory for ever, waiting in mmap(2) for a FUSE mount of its own that never answers, and whoever reads its
 * command line waits with it, unkillable.
 */
const unfinishedInit = /^runc:\[[12]:(CHILD|INIT)\]$/m;
/** Seconds that runc may take to make a container or to let a program into one; even emulated, with many at once, it is done in a fraction of it. */
const longestStart = 120;
/** Of the times in /proc/pid/stat, in every architecture (proc_pid_stat(5)). */
const ticksPerSecond = 100;

export interface StuckStart {
  readonly pid: number;
  /** Of a pipe; undefined when a process was killed. */
  readonly path?: string;
}

/**
 * Ends what holds up the starts of containers. dockerd answers nobody before every container with a restart policy has started or
 * failed, so one that does neither would take the engine away for good: at each boot again. Later it would keep that one from being
 * removed, and each prune from ending, because dockerd holds the container's lock while it starts it.
 * A container can do that alone, by making its /etc/passwd a named pipe (dockerd reads it, then runc in the container), and so can one whose
 * processes another joins (`--pid container:…`), by stopping the other's `runc init` with a signal.
 *
 * @param dockerd its process id.
 */
export function releaseStuckStarts(dockerd: number): StuckStart[] {
  const released = releaseBlockedOpens(dockerd, (path) => path.startsWith(`${enginePaths.dataRoot}/`)).map(
    (path) => ({ pid: dockerd, path }),
  );
  return [...released, ...unfinishedInits().flatMap((pid) => releaseInit(pid))];
}

function releaseInit(init: UnfinishedInit): StuckStart[] {
  const { pid } = init;
  // What runc itself waits for, `exec.fifo`, it opens by a link of /proc.
  const paths = releaseBlockedOpens(pid, (path) => !path.startsWith('/proc/'), `/proc/${pid}/root`);
  if (paths.length > 0) return paths.map((path) => ({ pid, path }));
  if (!isStuck(init)) return [];
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    return [];
  }
  return [{ pid }];
}

export interface UnfinishedInit {
  readonly pid: number;
  /** One letter (proc_pid_stat(5)). */
  readonly state: string;
  readonly ageSeconds: number;
  /** Whether it is in a cgroup of the freezer that a container made. */
  readonly displaced: boolean;
  /** Whether all that is left for it to do is to wait in `exec.fifo` until dockerd starts it. */
  readonly awaitsStart: boolean;
}

/**
 * Nobody but another container stops a `runc init`, or takes it out of the cgroup runc has put it in: with cgroup v1 one whose processes another joins
 * moves it to a frozen cgroup of its own, if it has the privilege. What the engine itself has paused is where it was. One that is made to go on and stopped again by turns has its time, too.
 *
 * One that waits for dockerd holds up nothing, however long dockerd publishes ports meanwhile: of 200 of them, emulated, for minutes. */
export function isStuck({ state, ageSeconds, displaced, awaitsStart }: Omit<UnfinishedInit, 'pid'>): boolean {
  if (state === 'T' || state === 't' || (state === 'D' && displaced)) return true;
  return ageSeconds > longestStart && !awaitsStart;
}

/** @param cgroups as /proc/pid/cgroup lists them (cgroups(7)). The engine's own end with the id of a container or of a build step. */
export function isDisplaced(cgroups: string): boolean {
  return /^\d+:freezer:.*\/[0-9a-f]{64}\/./m.test(cgroups);
}

/**
 * Whose child one is: runc's while that makes the container or lets a program into it; the shim's once it only waits to be started. Stopped
 * between the two it keeps `runc start` waiting, which looks for its death alone (libcontainer/container_linux.go).
 */
const parents: ReadonlySet<string> = new Set([runcProgram, shimProgram]);

/** A container's own process that takes the name of one and stops itself is ended as well: nothing of anybody else's is lost. */
function unfinishedInits(): UnfinishedInit[] {
  const own = readlinkSync('/proc/self/ns/user');
  const names = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return names.flatMap((name) => {
    try {
      if (!unfinishedInit.test(readFileSync(`/proc/${name}/comm`, 'latin1'))) return [];
      const { parent, ...init } = parseInit(readFileSync(`/proc/${name}/stat`, 'latin1'), uptime());
      // In a container a file may have any name.
      const isOfEngine = readlinkSync(`/proc/${parent}/ns/user`) === own;
      const program = readlinkSync(`/proc/${parent}/exe`);
      if (!isOfEngine || !parents.has(program)) return [];
      return [
        {
          ...init,
          displaced: isDisplaced(readFileSync(`/proc/${name}/cgroup`, 'latin1')),
          // It is the shim's when all is made; what it opens then is the pipe by which it is started, and once it was it opens nothing more.
          awaitsStart: program === shimProgram && init.state === 'S' && isOpening(name),
        },
      ];
    } catch {
      return [];
    }
  });
}

/** @param uptimeSeconds by the same clock as the start time: that of the time namespace this is read in (time_namespaces(7)). */
export function parseInit(
  stat: string,
  uptimeSeconds: number,
): Omit<UnfinishedInit, 'displaced' | 'awaitsStart'> & { readonly parent: number } {
  const { pid, state = '', parent, startTime } = splitProcessStat(stat);
  return {
    pid: Number(pid),
    state,
    parent: Number(parent),
    ageSeconds: uptimeSeconds - Number(startTime) / ticksPerSecond,
  };
}
