/** `npm ci` of a cached project in a shared directory, against the same directory by raw virtiofs with a user's rights. Node, npm and the cache lie in the directory too. */
import { join } from 'node:path';
import { npmOnShare } from '../support/npm-on-share.ts';
import { type BenchmarkRow, median } from './rows.ts';
import { processors, withSharedDirectory } from './shared-directory.ts';

const rounds = 3;
/**
 * In one boot, of either VM. The first run is told apart: as long as no page of a VM's memory has had a second use the emulator has no code to forget, which it does at a cost, and
 * a VM that runs one program and ends is in that state as a VM at work never is.
 */
const runs = 4;

/** Milliseconds of each run of one boot. */
interface Boots {
  readonly ours: readonly number[];
  readonly raw: readonly number[];
  /** Raw virtiofs on the processor that QEMU emulates for us. */
  readonly rawOnOurs: readonly number[];
}

/** Each has each turn once: the machine is not the same all the time. */
const orders = [
  ['ours', 'raw', 'rawOnOurs'],
  ['rawOnOurs', 'ours', 'raw'],
  ['raw', 'rawOnOurs', 'ours'],
] as const;

export async function benchPackages(): Promise<BenchmarkRow[]> {
  return withSharedDirectory(async ({ share, up, down, ours, raw }) => {
    const words = await npmOnShare(join(share, 'npm'), '/mnt/npm');
    const command = ['/mnt/share-load', '/mnt/work', 'run', String(runs), ...words];
    const measure: Readonly<Record<keyof Boots, () => Promise<string>>> = {
      ours: async () => {
        await up();
        const said = await ours(command);
        await down();
        return said;
      },
      raw: async () => raw(command),
      rawOnOurs: async () => raw(command, processors.ours),
    };
    const found: Boots[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const boots: Record<keyof Boots, readonly number[]> = { ours: [], raw: [], rawOnOurs: [] };
      for (const one of orders[round % orders.length] ?? []) boots[one] = figures(await measure[one]());
      console.error(JSON.stringify(boots));
      found.push(boots);
    }
    const name = 'shared directory, `npm ci` of a cached project';
    const ratio = (of: keyof Boots, figure: (values: readonly number[]) => number): number =>
      median(found.map((boots) => figure(boots[of]) / figure(boots.ours)));
    return [
      { name, unit: 'ms', value: median(found.map((boots) => settled(boots.ours))) },
      {
        name: `${name}, raw virtiofs with a user's rights`,
        unit: 'ms',
        value: median(found.map((boots) => settled(boots.raw))),
      },
      { name: `${name}, of its speed`, unit: '', value: ratio('raw', settled) },
      {
        name: `${name}, of its speed on our emulated processor`,
        unit: '',
        value: ratio('rawOnOurs', settled),
      },
      { name: `${name}, first run of a boot, of its speed`, unit: '', value: ratio('raw', first) },
      {
        name: `${name}, first run of a boot, of its speed on our emulated processor`,
        unit: '',
        value: ratio('rawOnOurs', first),
      },
    ];
  });
}

function first(values: readonly number[]): number {
  return values[0] ?? Number.NaN;
}

function settled(values: readonly number[]): number {
  return median(values.slice(1));
}

function figures(said: string): readonly number[] {
  const found = [...said.matchAll(/^run ([0-9.]+)$/gm)].map(([, figure]) => Number(figure));
  if (found.length !== runs) throw new Error(`no figures: ${said}`);
  return found;
}
