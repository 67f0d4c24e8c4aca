/**
 * What a developer does with a project in a shared directory, against the same directory by raw virtiofs with a user's rights: `npm ci` of a cached project, `git checkout` of another
 * branch, and the build of an open-source package with its compiler. The programs and what they need lie in the directory too.
 */
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { gitOnShare } from '../support/git-on-share.ts';
import { npmOnShare } from '../support/npm-on-share.ts';
import { packageProject, packagesOfProject } from '../support/package-project.ts';
import { type BenchmarkRow, median } from './rows.ts';
import { processors, withSharedDirectory } from './shared-directory.ts';

const packages = join(import.meta.dirname, '../../node_modules');
const rounds = 3;
/** Of 100 files each, and so many of them with other content on the other branch. */
const directories = 30;
const otherDirectories = 10;
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

interface Work {
  readonly name: string;
  /** Puts all of it there; the command, where the directory is at /mnt. Run again it has as much to do. */
  readonly prepare: (share: string) => Promise<readonly string[]>;
}

export const projectWorks = {
  packages: {
    name: '`npm ci` of a cached project',
    prepare: async (share) => npmOnShare(join(share, 'npm'), '/mnt/npm'),
  },
  checkout: {
    name: `\`git checkout\` of a branch with ${otherDirectories * 100} other files of ${directories * 100}`,
    prepare: prepareCheckout,
  },
  build: { name: 'build of an open-source package', prepare: prepareBuild },
} as const satisfies Readonly<Record<string, Work>>;

export async function benchProjectWork(what: keyof typeof projectWorks): Promise<BenchmarkRow[]> {
  const work = projectWorks[what];
  return withSharedDirectory(async ({ share, up, down, ours, raw }) => {
    const words = await work.prepare(share);
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
    const name = `shared directory, ${work.name}`;
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

/** Each `git checkout -` goes to the branch it was on before. */
async function prepareCheckout(share: string): Promise<string[]> {
  const checkout = join(share, 'checkout');
  const write = async (text: string, directories: number): Promise<void> => {
    for (let directory = 0; directory < directories; directory += 1) {
      const at = join(checkout, `d${directory}`);
      await mkdir(at, { recursive: true });
      const files = Array.from({ length: 100 }, async (_, file) =>
        writeFile(join(at, `f${file}`), `${text} ${directory} ${file}\n`.repeat(40)),
      );
      await Promise.all(files);
    }
  };
  const git = async (...words: string[]): Promise<unknown> =>
    execa('git', ['-C', checkout, '-c', 'user.name=a', '-c', 'user.email=a@example.org', ...words]);
  await write('one', directories);
  await git('init', '-q', '--template=');
  await git('add', '.');
  await git('commit', '-qm', 'one');
  await git('checkout', '-qb', 'other');
  await write('other', otherDirectories);
  await git('commit', '-qam', 'other');
  const words = (await gitOnShare(join(share, 'tools'), '/mnt/tools')).split(' ');
  return [...words, '-C', '/mnt/checkout', 'checkout', '-q', '-'];
}

async function prepareBuild(share: string): Promise<string[]> {
  const project = join(share, 'project');
  await mkdir(project);
  await packageProject(project);
  const compiler = join(packages, '@typescript', `typescript-${process.platform}-${process.arch}`, 'lib');
  // With the declarations of what every program has, which it looks for beside itself.
  await cp(compiler, join(share, 'compiler'), { recursive: true });
  for (const name of packagesOfProject)
    await cp(join(packages, name), join(project, 'node_modules', name), { recursive: true });
  return ['/mnt/compiler/tsc', '-p', '/mnt/project'];
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
