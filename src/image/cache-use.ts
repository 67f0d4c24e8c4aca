import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { codeOf } from '../common/cause.js';
import { isRunning } from './staging.js';

/** The directories of the cache whose entries are made by key, and pruned. */
export const cacheKinds = ['images', 'userland'] as const;
export type CacheKind = (typeof cacheKinds)[number];

/**
 * Records that an entry of the cache is used now, which decides what pruning keeps, and that this process goes on using it until
 * the result is disposed of or the process has ended: pruning leaves it alone that long. A directory elsewhere is nobody's to
 * prune and needs no record.
 */
export async function useCached(cacheDir: string, directory: string): Promise<AsyncDisposable> {
  const target = resolve(directory);
  const kind = cacheKinds.find((kind) => dirname(target) === resolve(cacheDir, kind));
  if (kind === undefined) return { [Symbol.asyncDispose]: () => Promise.resolve() };
  const mark = join(
    marksOf(cacheDir),
    `${kind}.${basename(target)}.${process.pid}.${randomBytes(4).toString('hex')}`,
  );
  await writeMark(mark);
  const now = new Date();
  // What is not there is reported by who reads it next; what root built does not get a newer time from the user who boots it.
  await utimes(target, now, now).catch(() => undefined);
  return { [Symbol.asyncDispose]: () => rm(mark, { force: true }) };
}

/**
 * Root builds and the user boots, with one cache: so each may add to the directory, and remove only what is its own. Where
 * root made the cache before there were records, the user has to do without.
 */
async function writeMark(mark: string): Promise<void> {
  try {
    const made = await mkdir(dirname(mark), { recursive: true });
    if (made !== undefined) await chmod(dirname(mark), 0o1777);
    await writeFile(mark, '', { flag: 'wx' });
  } catch (error) {
    const code = codeOf(error);
    if (code !== 'EACCES' && code !== 'EPERM' && code !== 'EROFS') throw error;
  }
}

/** Whether a process that runs uses the entry. Records of processes that have ended are removed on the way. */
export async function isInUse(cacheDir: string, kind: CacheKind, key: string): Promise<boolean> {
  let used = false;
  for (const name of await readdir(marksOf(cacheDir)).catch(() => [])) {
    const [markKind, markKey, pid] = name.split('.');
    if (!isRunning(Number(pid)))
      await rm(join(marksOf(cacheDir), name), { force: true }).catch(() => undefined);
    else if (markKind === kind && markKey === key) used = true;
  }
  return used;
}

function marksOf(cacheDir: string): string {
  return join(cacheDir, 'in-use');
}
