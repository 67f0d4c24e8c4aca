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
import { processors, withSharedDirectory } from './shared-directory.ts';

const rounds = 3;
const mebibytes = 1024;
/** What can be asked for by itself. */
export const shareWorks = ['status', 'install', 'write', 'read', 'polled'] as const;
type Work = Exclude<(typeof shareWorks)[number], 'polled'>;
type Figures = ReadonlyMap<Work, number>;
/** `same`: raw virtiofs in a VM with the emulated processor of ours. */
type Server = 'ours' | 'raw' | 'same';
type Round = ReadonlyMap<Server, Figures>;

export async function benchShares(
  wanted: readonly (typeof shareWorks)[number][] = shareWorks,
): Promise<BenchmarkRow[]> {
  const works = wanted.filter((work) => work !== 'polled');
  const files = await filesWithin();
  return withSharedDirectory(async ({ share, up, ours, raw }) => {
    const titles: Readonly<Record<Work, string>> = {
      status: `\`git status\` of ${files} files`,
      install: '3,000 small files removed, written and moved',
      write: `write ${mebibytes} MiB and fsync`,
      read: `read ${mebibytes} MiB`,
    };
    const command = await prepare(share, files, works);
    const docker = await up();
    const measured: Round[] = [];
    if (works.length > 0)
      for (let round = 0; round < rounds; round += 1)
        measured.push(
          await inTurn(round, {
            ours: async () => figures(await ours(command), works),
            raw: async () => figures(await raw(command), works),
            same: async () => figures(await raw(command, processors.ours), works),
          }),
        );
    const polled = wanted.includes('polled') ? await pollDelays(docker, share) : [];
    const rows = works.flatMap((work) => {
      const name = `shared directory, ${titles[work]}`;
      const of = (server: Server, round: Round): number => round.get(server)?.get(work) ?? Number.NaN;
      const middle = (server: Server): number => median(measured.map((round) => of(server, round)));
      const ratio = (server: Server): number =>
        median(measured.map((round) => of(server, round) / of('ours', round)));
      return [
        { name, unit: 'ms', value: middle('ours') },
        { name: `${name}, raw virtiofs`, unit: 'ms', value: middle('raw') },
        { name: `${name}, of its speed`, unit: '', value: ratio('raw') },
        { name: `${name}, raw virtiofs on the same processor`, unit: 'ms', value: middle('same') },
        { name: `${name}, of its speed`, unit: '', value: ratio('same') },
      ];
    });
    return [...rows, ...polled];
  });
}

/** Each once, in another order each round. */
async function inTurn(
  round: number,
  measure: Readonly<Record<Server, () => Promise<Figures>>>,
): Promise<Round> {
  const found = new Map<Server, Figures>();
  const orders: readonly (readonly Server[])[] = [
    ['ours', 'raw', 'same'],
    ['same', 'raw', 'ours'],
    ['raw', 'ours', 'same'],
  ];
  for (const server of orders[round % orders.length] ?? []) {
    found.set(server, await measure[server]());
    console.error(server, JSON.stringify(Object.fromEntries(found.get(server) ?? [])));
  }
  return found;
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
async function prepare(share: string, files: number, works: readonly Work[]): Promise<string[]> {
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
  return ['/mnt/share-load', '/mnt/work', works.join(','), String(mebibytes), ...status];
}

function figures(said: string, works: readonly Work[]): Figures {
  return new Map(
    works.map((work) => {
      const found = new RegExp(`^${work} ([0-9.]+)$`, 'm').exec(said)?.[1];
      if (found === undefined) throw new Error(`no figure of ${work}: ${said}`);
      return [work, Number(found)];
    }),
  );
}
