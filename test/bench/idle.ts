/** What a VM without containers takes of this machine: processor time, and memory after containers that used much have ended. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { builtImageDir } from '../support/built-image.ts';
import { createDocker, probe } from '../support/docker.ts';
import { instanceAt } from '../support/instance.ts';
import { processorSeconds, residentMemory } from '../support/process-figures.ts';
import { processTree } from '../support/process-tree.ts';
import type { BenchmarkRow } from './rows.ts';

/** What the engine does once after its start is over by then. */
const settleMs = 45_000;
const idleMs = 60_000;
/** The kernel reports free memory 2 s after it became free, a part at a time (mm/page_reporting.c). */
const reportMs = 20_000;
const filledMiB = 1024;

export async function benchIdle(): Promise<BenchmarkRow[]> {
  const dir = await mkdtemp(join(tmpdir(), 'bulkhead-idle-'));
  await mkdir(join(dir, 'run'), { mode: 0o700 });
  const instance = instanceAt({ name: 'bench', dir, image: await builtImageDir() });
  try {
    await instance.up(240, '--memory', '3072');
    const { pid, vmPid } = await instance.status();
    if (pid === undefined || vmPid === undefined || vmPid === null) throw new Error('no process of the VM');
    await sleep(settleMs);
    const controller = (): number => processorSeconds(pid);
    const all = (): number => processTree(pid).reduce((sum, each) => sum + processorSeconds(each.pid), 0);
    const before = { controller: controller(), all: all() };
    await sleep(idleMs);
    const used = { controller: controller() - before.controller, all: all() - before.all };
    const percent = (seconds: number): number => (seconds / (idleMs / 1000)) * 100;
    const empty = await residentMemory(vmPid);
    const fill = `dd if=/dev/zero of=/dev/null bs=${filledMiB}M count=1`;
    const docker = createDocker(instance.dockerHost);
    const most = await highest(vmPid, docker.ok(['run', '--rm', probe, 'sh', '-c', fill]));
    await sleep(reportMs);
    const after = await residentMemory(vmPid);
    return [
      {
        name: 'idle VM, all processes of ours, over a minute',
        unit: '% of a core',
        value: percent(used.all),
      },
      { name: 'of it the controller', unit: '% of a core', value: percent(used.controller) },
      { name: 'resident memory of the idle VM', unit: 'MiB', value: empty },
      { name: `while a container fills ${filledMiB} MiB`, unit: 'MiB', value: most },
      { name: `${reportMs / 1000} s after it has ended`, unit: 'MiB', value: after },
    ];
  } finally {
    await instance.run('down');
    await rm(dir, { recursive: true, force: true });
  }
}

/** The most a process had resident while something went on. */
async function highest(pid: number, work: Promise<unknown>): Promise<number> {
  const seen: number[] = [];
  const timer = setInterval(() => {
    void residentMemory(pid).then((now) => seen.push(now));
  }, 100);
  try {
    await work;
  } finally {
    clearInterval(timer);
  }
  return Math.max(...seen);
}
