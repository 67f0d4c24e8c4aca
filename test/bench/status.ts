/** How long `bulkhead status` takes: with a VM that runs, and with one that is stuck. */
import { execa } from 'execa';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { builtImageDir } from '../support/built-image.ts';
import { instanceAt } from '../support/instance.ts';
import { type BenchmarkRow, median, milliseconds, quantile } from './rows.ts';

const times = 40;

export async function benchStatus(): Promise<BenchmarkRow[]> {
  const dir = await mkdtemp(join(tmpdir(), 'bulkhead-status-'));
  await mkdir(join(dir, 'run'), { mode: 0o700 });
  const instance = instanceAt({ name: 'bench', dir, image: await builtImageDir() });
  const told = async (what: string, ...args: string[]): Promise<BenchmarkRow[]> => {
    const taken: number[] = [];
    // The first reads what the others find in memory.
    for (let round = 0; round <= times; round += 1) {
      const ms = await milliseconds(() => instance.run('status', ...args));
      if (round > 0) taken.push(ms);
    }
    return [
      {
        name: `bulkhead status${args.length > 0 ? ` ${args.join(' ')}` : ''}, ${what}, median`,
        unit: 'ms',
        value: median(taken),
      },
      {
        name: `bulkhead status${args.length > 0 ? ` ${args.join(' ')}` : ''}, ${what}, slowest but one`,
        unit: 'ms',
        value: quantile(taken, 0.95),
      },
    ];
  };
  const alone: number[] = [];
  try {
    for (let round = 0; round <= times; round += 1)
      alone.push(await milliseconds(() => execa(process.execPath, ['-e', '0'])));
    const stopped = await told('nothing runs');
    await instance.up();
    const ready = [...(await told('VM ready')), ...(await told('VM ready', '--json'))];
    const { vmPid } = await instance.status();
    if (vmPid === undefined || vmPid === null) throw new Error('no process of the VM');
    process.kill(vmPid, 'SIGSTOP');
    try {
      const stuck = await told('VM stopped by SIGSTOP');
      return [
        { name: '`node -e 0`, median', unit: 'ms', value: median(alone) },
        ...stopped,
        ...ready,
        ...stuck,
      ];
    } finally {
      process.kill(vmPid, 'SIGCONT');
    }
  } finally {
    await instance.run('down');
    await rm(dir, { recursive: true, force: true });
  }
}
