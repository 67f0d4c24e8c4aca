import { readdir, readFile } from 'node:fs/promises';
import { execa } from 'execa';

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
  /** dockerd's own socket, past the gate, as DOCKER_HOST. */
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
  const init = Number((await readFile(`/proc/${entry}/task/${entry}/children`, 'utf8')).trim().split(' ')[0]);
  const path = (inside: string): string => `/proc/${init}/root${inside}`;
  const count = async (directory: string): Promise<number> =>
    (await readdir(path(directory)).catch(() => [])).filter((name) => name !== 'cursor').length;
  return {
    init,
    rawHost: `unix://${path('/run/docker/docker.sock')}`,
    path,
    async pidOf(service) {
      const { stdout } = await execa('/usr/bin/pgrep', ['-P', String(init), '-f', commandLines[service]], {
        reject: false,
      });
      return stdout === '' ? undefined : Number(stdout.split('\n')[0]);
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
