import { readdirSync, readFileSync, statSync } from 'node:fs';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { posix } from 'node:path';
import { isFullId } from '../../common/container-id.js';
import { type Lease, type ProcessIdentity, startTimeOf } from '../../runtime/index.js';
import { buildRuntimeRoot, type ContainerTraces, dockerRuntimeRoot, type Trace } from './abandoned.js';
import { cgroupsOf } from './cgroup-removal.js';
import { walkCgroups } from './cgroup-tree.js';
import { cgroupRoot } from '../planning/delegate-cgroups.js';
import { frontDoorProgram, runcProgram, shimProgram } from './engine-programs.js';

/** containerd's directory of each container of Docker's, with what it told the shim. */
export const bundleDirectory = '/run/containerd/io.containerd.runtime.v2.task/moby';
/** dockerd's pipes for the output of each container. */
export const streamsDirectory = '/run/docker/containerd';

const runtimePrograms: ReadonlySet<string> = new Set([frontDoorProgram, runcProgram]);

export interface TraceSources {
  readonly leases: () => readonly Lease[];
  readonly hierarchies: readonly string[];
  readonly parents: readonly string[];
  /** Put before every path; empty unless a test has a directory that stands for the machine. */
  readonly machine?: string;
}

/** What tells where a container's cgroups are. */
export type CgroupPlaces = Pick<TraceSources, 'hierarchies' | 'parents' | 'machine'>;

/** Finds every container there is anything of: its shim, its ids, runc's record, containerd's, a cgroup. */
export async function readTraces(sources: TraceSources): Promise<ContainerTraces[]> {
  const { leases, hierarchies, parents, machine = '' } = sources;
  const { shims, working } = await readEnginePrograms(machine);
  const held = leases().flatMap(({ holders }) => holders);
  const cgroups = hierarchies.flatMap((hierarchy) =>
    parents.map((parent) => posix.join(cgroupRoot, hierarchy, parent)),
  );
  const named = [dockerRuntimeRoot, bundleDirectory, streamsDirectory, ...cgroups].flatMap((path) =>
    namesIn(`${machine}${path}`),
  );
  const asked = held.filter(({ runtimeRoot }) => runtimeRoot === dockerRuntimeRoot);
  const ids = new Set(
    [...shims.keys(), ...asked.map(({ containerId }) => containerId), ...named].filter((id) => isFullId(id)),
  );
  const steps = new Map(
    held
      .filter(({ runtimeRoot }) => runtimeRoot === buildRuntimeRoot)
      .map((holder) => [`${holder.runtimeRoot}/${holder.containerId}`, holder]),
  );
  const describe = (runtimeRoot: string, containerId: string): ContainerTraces => {
    const creators = held
      .filter((holder) => holder.runtimeRoot === runtimeRoot && holder.containerId === containerId)
      .map(({ pid, pidStartTime }) => ({ pid, startTime: pidStartTime }));
    const ofShims = runtimeRoot === dockerRuntimeRoot ? shims.get(containerId) : undefined;
    return {
      runtimeRoot,
      containerId,
      shims: ofShims ?? [],
      creators,
      creatorLives: creators.some((creator) => isAlive(creator, sources)),
      busy: (working.get(containerId) ?? []).some((pid) => !creators.some((creator) => creator.pid === pid)),
      left:
        runtimeRoot === dockerRuntimeRoot
          ? [
              ...inodeOf('state', `${machine}${dockerRuntimeRoot}/${containerId}`),
              ...inodeOf('bundle', `${machine}${bundleDirectory}/${containerId}`),
              ...inodeOf('streams', `${machine}${streamsDirectory}/${containerId}`),
              ...cgroupsAt(containerId, sources).flatMap((path) => inodeOf('cgroup', path)),
            ]
          : inodeOf('state', `${machine}${runtimeRoot}/${containerId}`),
    };
  };
  return [
    ...[...ids].map((id) => describe(dockerRuntimeRoot, id)),
    ...[...steps.values()].map(({ runtimeRoot, containerId }) => describe(runtimeRoot, containerId)),
  ];
}

export function isAlive(
  { pid, startTime }: ProcessIdentity,
  { machine = '' }: Pick<TraceSources, 'machine'>,
): boolean {
  return startTimeOf(pid, `${machine}/proc`) === startTime;
}

/** Where cgroups of a container may be, in every hierarchy. */
export function cgroupsAt(containerId: string, { machine = '', ...places }: CgroupPlaces): string[] {
  return cgroupsOf(containerId, { ...places, root: `${machine}${cgroupRoot}` });
}

/**
 * The processes in the cgroups of one container, build steps included: `runc init`, and whatever it became.
 * What a container does cannot put a process of another one here (docs/isolation.md, rule cgroups).
 */
export function processesIn(containerId: string, places: CgroupPlaces): number[] {
  const pids = new Set<number>();
  for (const cgroup of cgroupsAt(containerId, places)) collectPids(cgroup, pids);
  return [...pids];
}

function collectPids(cgroup: string, pids: Set<number>): void {
  const enter = (directory: string): void => {
    /* A process of another pid namespace reads as 0, which to kill(2) means the caller's own group. */
    for (const line of membersOf(directory).split('\n')) if (Number(line) > 1) pids.add(Number(line));
  };
  try {
    walkCgroups(cgroup, { enter });
  } catch {
    /* It has gone. */
  }
}

/** Empty where it has gone, or its type has no such file: a threaded cgroup's processes are listed by its domain. */
function membersOf(directory: string): string {
  try {
    return readFileSync(`${directory}/cgroup.procs`, 'latin1');
  } catch {
    return '';
  }
}

/**
 * Shims by container, and the containers a runtime program is working on. A program counts only in our own user namespace: in a
 * container a file may have any of these names.
 */
async function readEnginePrograms(machine: string): Promise<{
  shims: Map<string, ProcessIdentity[]>;
  working: Map<string, number[]>;
}> {
  const proc = `${machine}/proc`;
  const own = await readlink(`${proc}/self/ns/user`);
  const shims = new Map<string, ProcessIdentity[]>();
  const working = new Map<string, number[]>();
  const note = (id: string, pid: number): Map<string, number[]> =>
    working.set(id, [...(working.get(id) ?? []), pid]);
  for (const name of await readdir(proc)) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const exe = await readlink(`${proc}/${name}/exe`);
      const isShim = exe === shimProgram;
      if (!isShim && !runtimePrograms.has(exe)) continue;
      const startTime = startTimeOf(Number(name), proc);
      if (startTime === undefined || (await readlink(`${proc}/${name}/ns/user`)) !== own) continue;
      const words = (await readFile(`${proc}/${name}/cmdline`, 'utf8')).split('\0');
      const id = words[words.indexOf('-id') + 1];
      if (!isShim) for (const word of words) note(word, Number(name));
      else if (id !== undefined && words[words.indexOf('-namespace') + 1] === 'moby') {
        /* `containerd-shim … start` and `… delete` are containerd at work, not the shim. */
        if (words.includes('start') || words.includes('delete')) note(id, Number(name));
        else shims.set(id, [...(shims.get(id) ?? []), { pid: Number(name), startTime }]);
      }
    } catch {
      /* It has ended meanwhile. */
    }
  }
  return { shims, working };
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return []; // nothing has been there yet
  }
}

function inodeOf(kind: Trace['kind'], path: string): Trace[] {
  const inode = statSync(path, { throwIfNoEntry: false })?.ino;
  return inode === undefined ? [] : [{ kind, inode }];
}

/** Whether the path still is what was found there, and not what another run of the container has made since. */
export function isStill({ left }: ContainerTraces, kind: Trace['kind'], path: string): boolean {
  const [now] = inodeOf(kind, path);
  return left.some((trace) => trace.kind === kind && trace.inode === now?.inode);
}
