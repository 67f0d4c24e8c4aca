import { execFile } from 'node:child_process';
import { existsSync as exists, readdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { promisify } from 'node:util';
import { codeOf } from '../../common/cause.js';
import type { Clock } from '../../common/clock.js';
import type { ProcessIdentity } from '../../runtime/index.js';
import { type Abandonment, buildRuntimeRoot, type ContainerTraces } from './abandoned.js';
import { removeEmpty } from './cgroup-removal.js';
import {
  bundleDirectory,
  cgroupsAt,
  isAlive,
  isStill,
  processesIn,
  streamsDirectory,
  type TraceSources,
} from './container-traces.js';
import { runcProgram } from './engine-programs.js';

const run = promisify(execFile);
const runtimeDeadline = 10_000;
/** Of shims, and of dockerd: each of its lives has one under a new name. */
const socketDirectories = ['/run/containerd/s', '/run/docker/libnetwork'];
/** BuildKit's directory of each build step, with the mount of its root. */
const stepsDirectory = '/var/lib/docker/buildkit/executor';
const workDirectory = '/var/lib/containerd/io.containerd.runtime.v2.task/moby';
/** Milliseconds between two looks at what is ending, and how many there are. */
const pauseMs = 100;
const looks = 50;

export interface ReapEffects {
  /** SIGKILLs the shim and every process of the container, until none is left. @returns how many got the signal. */
  kill(traces: ContainerTraces): Promise<number>;
  /** Removes what containerd does not: it cleans up after a shim that it knows. Throws what runc or the file system say. */
  cleanUp(traces: ContainerTraces, why: Abandonment): Promise<void>;
  removeDeadSockets(): void;
}

/** What ends processes and containers of the machine. */
export interface ReapSystem {
  /** SIGKILLs a process. @returns whether there was one. */
  kill(pid: number): boolean;
  /** `runc delete --force`. */
  runcDelete(runtimeRoot: string, containerId: string): Promise<void>;
  /** Has PID 1 unmount the root of a build step, soon. */
  unmountStep(step: string): void;
}

export function createReapEffects(sources: TraceSources, clock: Clock, system: ReapSystem): ReapEffects {
  const { machine = '' } = sources;
  const kill = (pid: number): boolean => system.kill(pid);
  const deleteState = async ({ runtimeRoot, containerId }: ContainerTraces, state: string): Promise<void> => {
    try {
      await system.runcDelete(runtimeRoot, containerId);
    } catch (error) {
      if (processesIn(containerId, sources).length > 0) throw error;
    }
    /* A record that runc had not finished it cannot read, so it cannot delete it either. */
    if (processesIn(containerId, sources).length === 0) rmSync(state, { recursive: true, force: true });
  };
  /* BuildKit unmounts and removes it itself, unless dockerd was killed; no id of a step comes back. */
  const removeStep = async (step: string): Promise<void> => {
    const directory = `${machine}${stepsDirectory}/${step}`;
    for (let look = 0; look < looks && staysBusy(`${directory}/rootfs`); look += 1) {
      if (look === 0) system.unmountStep(step);
      await clock.sleep(pauseMs);
    }
    removeBesideRoot(directory);
  };
  const lives = (process: ProcessIdentity): boolean => isAlive(process, sources);
  return {
    removeDeadSockets: () => {
      removeDeadSockets(machine);
    },
    async kill({ containerId, shims, creators }) {
      /* containerd notices at once that its shim is gone, runs `shim delete`, and that `runc delete --force`. */
      let killed = shims.filter(lives).filter(({ pid }) => kill(pid)).length;
      for (let look = 0; look < looks; look += 1) {
        /* Listed and killed without a pause between: a pid cannot have become another process's. */
        const found = processesIn(containerId, sources).filter((pid) => kill(pid)).length;
        if (found === 0) break;
        killed += look === 0 ? found : 0;
        await clock.sleep(pauseMs);
      }
      /* `runc run` of a build step ends with it and cleans up; it is no child of anybody who would wait for it. */
      const makers = (): number[] => creators.filter(lives).map(({ pid }) => pid);
      for (let look = 0; look < looks && makers().length > 0; look += 1) await clock.sleep(pauseMs);
      killed += makers().filter((pid) => kill(pid)).length;
      if (processesIn(containerId, sources).length > 0)
        throw new Error('processes of the container outlived SIGKILL');
      return killed;
    },
    async cleanUp(traces, why) {
      const { runtimeRoot, containerId } = traces;
      const bundle = `${machine}${bundleDirectory}/${containerId}`;
      const state = `${machine}${runtimeRoot}/${containerId}`;
      for (let look = 0; look < looks && isStill(traces, 'bundle', bundle); look += 1)
        await clock.sleep(pauseMs);
      if (isStill(traces, 'state', state)) await deleteState(traces, state);
      if (runtimeRoot === buildRuntimeRoot) await removeStep(containerId);
      if (isStill(traces, 'bundle', bundle)) {
        removeBesideRoot(bundle);
        rmSync(`${machine}${workDirectory}/${containerId}`, { recursive: true, force: true });
      }
      /* Of a container that the engine knows they are of use when it starts again. */
      if (why === 'unknown')
        rmSync(`${machine}${streamsDirectory}/${containerId}`, { recursive: true, force: true });
      /* With its ids they go by themselves (`cgroup-removal.ts`). */
      const isHeld = sources
        .leases()
        .some(({ holders }) => holders.some((held) => held.containerId === containerId));
      const busy = isHeld
        ? []
        : cgroupsAt(containerId, sources).filter((path) => removeEmpty(path) !== 'gone');
      if (busy.length > 0) throw new Error(`still in use: ${busy.join(', ')}`);
    },
  };
}

/** Removes a directory unless something is mounted there: rmdir(2) says EBUSY then. @returns whether it does. */
function staysBusy(directory: string): boolean {
  try {
    rmdirSync(directory);
  } catch (error) {
    return codeOf(error) === 'EBUSY';
  }
  return false;
}

/** Never looks below `rootfs`: should something be mounted there, that is somebody's data, and rmdir(2) says so. */
function removeBesideRoot(directory: string): void {
  try {
    rmdirSync(`${directory}/rootfs`);
  } catch (error) {
    if (exists(`${directory}/rootfs`)) throw error;
  }
  rmSync(directory, { recursive: true, force: true });
}

/**
 * Removes the sockets of shims and of a dockerd that were killed. Listed before the kernel is asked who listens, so one that is
 * bound anew in between is found to be.
 */
function removeDeadSockets(machine: string): void {
  const sockets = socketDirectories
    .filter((directory) => exists(`${machine}${directory}`))
    .flatMap((directory) => readdirSync(`${machine}${directory}`).map((name) => `${directory}/${name}`));
  const bound = new Set(
    readFileSync(`${machine}/proc/net/unix`, 'latin1')
      .split('\n')
      .map((line) => line.split(' ').at(-1)),
  );
  for (const socket of sockets) if (!bound.has(socket)) rmSync(`${machine}${socket}`, { force: true });
}

/** @param unmountStep see `ReapSystem`. */
export function realSystem(unmountStep: ReapSystem['unmountStep']): ReapSystem {
  return {
    unmountStep,
    kill: (pid) => {
      try {
        return process.kill(pid, 'SIGKILL');
      } catch (error) {
        if (codeOf(error) === 'ESRCH') return false;
        throw error;
      }
    },
    runcDelete: async (runtimeRoot, containerId) => {
      await run(runcProgram, ['--root', runtimeRoot, 'delete', '--force', containerId], {
        env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
        timeout: runtimeDeadline,
        killSignal: 'SIGKILL',
      });
    },
  };
}
