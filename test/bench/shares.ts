/**
 * A shared directory in a container, against the same directory in a VM that has nothing of ours (raw-virtiofs.ts). The directory lies in memory, so that the disk of the
 * machine, which is slower and of other speed in each minute, does not hide the difference.
 */
import { execa } from 'execa';
import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Docker, probe } from '../support/docker.ts';
import { gitOnShare } from '../support/git-on-share.ts';
import { type BenchmarkRow, median, milliseconds } from './rows.ts';
import { asUsers, withSharedDirectory } from './shared-directory.ts';

const rounds = 3;
const mebibytes = 256;
const works = ['status', 'install', 'write', 'read'] as const;
type Work = (typeof works)[number];
type Figures = Readonly<Record<Work, number>>;
type Server = 'ours' | 'raw' | 'users';

export async function benchShares(): Promise<BenchmarkRow[]> {
  const files = await filesWithin();
  return withSharedDirectory(async ({ share, up, ours, raw }) => {
    const titles: Readonly<Record<Work, string>> = {
      status: `\`git status\` of ${files} files`,
      install: '3,000 small files removed, written and moved',
      write: `write ${mebibytes} MiB and fsync`,
      read: `read ${mebibytes} MiB`,
    };
    const command = await prepare(share, files);
    const docker = await up();
    const sets: Readonly<Record<Server, Figures>>[] = [];
    for (let round = 0; round < rounds; round += 1)
      sets.push(
        await inTurn(round, {
          ours: async () => figures(await ours(command)),
          raw: async () => figures(await raw(command)),
          users: async () => figures(await raw(command, asUsers)),
        }),
      );
    const polled = await pollDelays(docker, share);
    const rows = works.flatMap((work) => {
      const name = `shared directory, ${titles[work]}`;
      const of = (server: Server): number => median(sets.map((set) => set[server][work]));
      const ratio = (server: Server): number => median(sets.map((set) => set[server][work] / set.ours[work]));
      return [
        { name, unit: 'ms', value: of('ours') },
        { name: `${name}, raw virtiofs with a user's rights`, unit: 'ms', value: of('users') },
        { name: `${name}, of its speed`, unit: '', value: ratio('users') },
        { name: `${name}, raw virtiofs with root's rights`, unit: 'ms', value: of('raw') },
        { name: `${name}, of its speed`, unit: '', value: ratio('raw') },
      ];
    });
    return [...rows, ...polled];
  });
}

/** Each once, in another order each round. */
async function inTurn(
  round: number,
  measure: Readonly<Record<Server, () => Promise<Figures>>>,
): Promise<Readonly<Record<Server, Figures>>> {
  const found: Partial<Record<Server, Figures>> = {};
  const orders: readonly (readonly Server[])[] = [
    ['ours', 'raw', 'users'],
    ['users', 'ours', 'raw'],
    ['raw', 'users', 'ours'],
  ];
  for (const server of orders[round % orders.length] ?? []) found[server] = await measure[server]();
  console.error(JSON.stringify(found));
  const { ours, raw, users } = found;
  if (ours === undefined || raw === undefined || users === undefined) throw new Error('one was not measured');
  return { ours, raw, users };
}

/** Milliseconds from a change on the host to the moment a program in a container has seen it that looks each 100 ms; its word comes back by the same directory. */
async function pollDelays(docker: Docker, share: string): Promise<BenchmarkRow[]> {
  const watched = join(share, 'work/watched');
  const seen = join(share, 'work/seen');
  await writeFile(watched, '');
  const name = 'bench-watch';
  await docker.ok([
    'run',
    '-d',
    '--name',
    name,
    '-v',
    `${share}:/mnt`,
    probe,
    '/mnt/share-load',
    '/mnt/work',
    'watch',
  ]);
  const told = async (size: number): Promise<void> => {
    const deadline = Date.now() + 20_000;
    while ((await readFile(seen, 'utf8').catch(() => '')) !== String(size)) {
      if (Date.now() > deadline) throw new Error(`a change was not seen: ${size}`);
      await sleep(5);
    }
  };
  try {
    await told(0);
    const taken: number[] = [];
    for (let size = 1; size <= 12; size += 1) {
      await sleep(1000 + 137 * size);
      taken.push(
        await milliseconds(async () => {
          await appendFile(watched, 'x');
          await told(size);
        }),
      );
    }
    const what = 'shared directory, a change on the host until a program that polls each 100 ms has seen it';
    return [
      { name: `${what}, median`, unit: 'ms', value: median(taken) },
      { name: `${what}, slowest of ${taken.length}`, unit: 'ms', value: Math.max(...taken) },
    ];
  } finally {
    await docker.run(['rm', '-f', name]);
  }
}

/** 20,000, or fewer where no user may have as many descriptors, of which a server holds one for each file that is looked at. */
async function filesWithin(): Promise<number> {
  const limits = await readFile('/proc/self/limits', 'utf8');
  const most = Number(/^Max open files\s+\d+\s+(\d+)/m.exec(limits)?.[1]);
  return most > 24_000 ? 20_000 : Math.floor((0.6 * most) / 100) * 100;
}

/** A checkout, and what works on it; the command as both find it, with the directory at /mnt. */
async function prepare(share: string, files: number): Promise<string[]> {
  const checkout = join(share, 'checkout');
  for (let directory = 0; directory < files / 100; directory += 1) {
    const at = join(checkout, `d${directory}`);
    await mkdir(at, { recursive: true });
    await Promise.all(
      Array.from({ length: 100 }, (_, file) => writeFile(join(at, `f${file}`), `${directory} ${file}\n`)),
    );
  }
  const git = async (...words: string[]): Promise<unknown> =>
    execa('git', ['-C', checkout, '-c', 'user.name=a', '-c', 'user.email=a@example.org', ...words]);
  await git('init', '-q');
  await git('add', '.');
  await git('commit', '-qm', 'all');
  const words = (await gitOnShare(join(share, 'tools'), '/mnt/tools')).split(' ');
  const status = [...words, '-C', '/mnt/checkout', 'status', '--porcelain'];
  return ['/mnt/share-load', '/mnt/work', String(mebibytes), ...status];
}

function figures(said: string): Figures {
  const of = (work: Work): number => {
    const found = new RegExp(`^${work} ([0-9.]+)$`, 'm').exec(said)?.[1];
    if (found === undefined) throw new Error(`no figure of ${work}: ${said}`);
    return Number(found);
  };
  return { status: of('status'), install: of('install'), write: of('write'), read: of('read') };
}
