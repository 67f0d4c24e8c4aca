import { execa } from 'execa';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Userland } from '../../../dist/image/userland.js';
import { probe } from '../../support/docker.ts';
import type { BenchEngine } from '../with-engine.ts';

export interface Podman extends AsyncDisposable {
  /** `podman run --rm --userns=auto` of the probe image with this command. */
  run(command: readonly string[]): Promise<unknown>;
}

/** podman in namespaces of its own, with storage on the benchmark's disk and the engine's probe image. */
export async function startPodman(engine: BenchEngine, { root }: Userland): Promise<Podman> {
  const dir = join(engine.disk.path, 'podman');
  await mkdir(dir, { recursive: true });
  const namespaces = ['--mount', '--net', '--pid', '--fork', '--kill-child', '--propagation', 'private'];
  const script = join(import.meta.dirname, 'podman-root.sh');
  const holder = spawn('/usr/bin/unshare', [...namespaces, script, root, dir], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
  });
  const exited = once(holder, 'exit');
  const cgroup = `bulkhead-bench-podman-${process.pid}`;
  const dispose = async (): Promise<void> => {
    // The first process of the pid namespace, with which every other one ends; unshare itself passes no signal on.
    for (const pid of await childrenOf(holder.pid)) process.kill(pid, 'SIGKILL');
    await exited;
    await removeCgroups(cgroup);
  };
  try {
    const lines = createInterface(holder.stdout);
    const said: unknown[] = await once(lines, 'line', { signal: AbortSignal.timeout(10_000) });
    if (said[0] !== 'ready') throw new Error(`podman's root did not come up: ${String(said[0])}`);
    const [init] = await childrenOf(holder.pid);
    const enter = ['-t', String(init), '-m', '-n', '-p', '--', '/usr/bin/podman'];
    const podman = async (args: readonly string[], input?: string): Promise<unknown> =>
      execa('/usr/bin/nsenter', [...enter, ...args], {
        env: { PATH: '/usr/sbin:/usr/bin', PODMAN_IGNORE_CGROUPSV1_WARNING: '1' },
        extendEnv: false,
        ...(input === undefined ? { stdin: 'ignore' } : { inputFile: input }),
      });
    const archive = join(engine.disk.dir, 'probe.tar');
    await engine.docker.ok(['save', '--output', archive, probe]);
    await podman(['load'], archive);
    const options = ['run', '--rm', '--userns=auto', `--cgroup-parent=${cgroup}`];
    const run = async (command: readonly string[]): Promise<unknown> =>
      podman([...options, `docker.io/${probe}`, ...command]);
    return { run, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

async function childrenOf(pid: number | undefined): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  return text.split(' ').filter(Boolean).map(Number);
}

/** podman leaves the parent group of its containers, in every hierarchy. */
async function removeCgroups(name: string): Promise<void> {
  const top = '/sys/fs/cgroup';
  const places = [top, ...(await readdir(top)).map((hierarchy) => join(top, hierarchy))];
  for (const place of places) {
    await execa('find', [join(place, name), '-depth', '-type', 'd', '-exec', 'rmdir', '{}', '+'], {
      reject: false,
    });
  }
}
