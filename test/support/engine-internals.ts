import { readdir, readFile } from 'node:fs/promises';
import { execa } from 'execa';
import { codeOf } from '../../dist/common/cause.js';
import { eventually } from './eventually.ts';

export type Service = 'containerd' | 'dockerd' | 'bulkheadd';

/** How PID 1 starts each, as a pattern of pgrep: Node renames its main thread. */
const commandLines: Readonly<Record<Service, string>> = {
  containerd: '^/usr/bin/containerd ',
  dockerd: '^/usr/sbin/dockerd ',
  bulkheadd: '^/usr/bin/node .*bulkheadd',
};

/** The processes of one engine in native mode, as the host numbers them. */
export interface EngineInternals {
  /** PID 1 of the engine's pid namespace. */
  readonly init: number;
  /** The process PID 1 runs as this service now; undefined while it is down. */
  pidOf(service: Service): Promise<number | undefined>;
  /**
   * Ends a service and waits until PID 1 runs another process as it; whether that one serves already is another question. One that is
   * down, because another kill took it along, is waited for first.
   *
   * @param signal SIGKILL where absent.
   * @returns its new pid. Rejects when it does not come back within 60 s: above the longest pause between two starts.
   */
  replace(service: Service, signal?: NodeJS.Signals): Promise<number>;
  /** Path of dockerd's own socket, past the gate. */
  readonly rawSocket: string;
  /** The same as DOCKER_HOST. */
  readonly rawHost: string;
  /** A path of the engine's root, reachable from the host. */
  path(inside: string): string;
  /** What a container must not leave behind. */
  traces(): Promise<Traces>;
}

export interface Traces {
  readonly mounts: number;
  readonly leases: number;
  readonly runtimeStates: number;
  readonly tasks: number;
  readonly cgroups: number;
  readonly processes: number;
}

/** @param entry pid of the entry program (`NativeEngine.pid`). */
export async function engineInternals(entry: number): Promise<EngineInternals> {
  // The last: what keeps the relay of an engine with a way out is started before.
  const children = (await readFile(`/proc/${entry}/task/${entry}/children`, 'utf8')).trim().split(' ');
  const init = Number(children.at(-1));
  const path = (inside: string): string => `/proc/${init}/root${inside}`;
  const count = async (directory: string): Promise<number> =>
    (await readdir(path(directory)).catch(() => [])).filter((name) => name !== 'cursor').length;
  const rawSocket = path('/run/docker/docker.sock');
  const pidOf = async (service: Service): Promise<number | undefined> => {
    const { stdout } = await execa('/usr/bin/pgrep', ['-P', String(init), '-f', commandLines[service]], {
      reject: false,
    });
    return stdout === '' ? undefined : Number(stdout.split('\n')[0]);
  };
  return {
    init,
    rawSocket,
    rawHost: `unix://${rawSocket}`,
    path,
    pidOf,
    async replace(service, signal = 'SIGKILL') {
      const other = async (ended?: number): Promise<number> => {
        const pid = await pidOf(service);
        if (pid === undefined || pid === ended)
          throw new Error(`${service} does not run (${ended} was ended)`);
        return pid;
      };
      const ended = await eventually(async () => other(), 60_000);
      try {
        process.kill(ended, signal);
      } catch (error) {
        if (codeOf(error) !== 'ESRCH') throw error;
      }
      return eventually(async () => other(ended), 60_000);
    },
    async traces() {
      const mounts = (await readFile(`/proc/${init}/mountinfo`, 'utf8')).split('\n').length;
      const { stdout } = await execa('/usr/bin/pgrep', ['--ns', String(init), '--nslist', 'pid', '-c', '.'], {
        reject: false,
      });
      return {
        mounts,
        leases: await count('/run/bulkhead/ids'),
        runtimeStates: await count('/run/docker/runtime-runc/moby'),
        tasks: await count('/run/containerd/io.containerd.runtime.v2.task/moby'),
        cgroups: await count('/sys/fs/cgroup/memory/docker'),
        processes: Number(stdout),
      };
    },
  };
}
