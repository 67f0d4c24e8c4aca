/** `npm ci` of a cached project in a shared directory, against the same directory by raw virtiofs with a user's rights. Node, npm and the cache lie in the directory too. */
import { join } from 'node:path';
import { npmOnShare } from '../support/npm-on-share.ts';
import { type BenchmarkRow, median } from './rows.ts';
import { withSharedDirectory } from './shared-directory.ts';

/** Odd; of runs of half a minute on two processors, some fall together with something else on the host. */
const rounds = 5;

export async function benchPackages(): Promise<BenchmarkRow[]> {
  return withSharedDirectory(async ({ share, up, ours, raw }) => {
    const words = await npmOnShare(join(share, 'npm'), '/mnt/npm');
    const command = ['/mnt/share-load', '/mnt/work', 'run', ...words];
    await up();
    const pairs: { readonly ours: number; readonly users: number }[] = [];
    const measure = {
      ours: async (): Promise<number> => figure(await ours(command)),
      users: async (): Promise<number> => figure(await raw(command)),
    };
    for (let round = 0; round < rounds; round += 1) {
      const found = { ours: 0, users: 0 };
      for (const one of round % 2 === 0 ? (['ours', 'users'] as const) : (['users', 'ours'] as const))
        found[one] = await measure[one]();
      console.error(JSON.stringify(found));
      pairs.push(found);
    }
    const name = 'shared directory, `npm ci` of a cached project';
    return [
      { name, unit: 'ms', value: median(pairs.map((pair) => pair.ours)) },
      {
        name: `${name}, raw virtiofs with a user's rights`,
        unit: 'ms',
        value: median(pairs.map((pair) => pair.users)),
      },
      { name: `${name}, of its speed`, unit: '', value: median(pairs.map((pair) => pair.users / pair.ours)) },
    ];
  });
}

function figure(said: string): number {
  const found = /^run ([0-9.]+)$/m.exec(said)?.[1];
  if (found === undefined) throw new Error(`no figure: ${said}`);
  return Number(found);
}
