import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
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
  const marks = marksOf(cacheDir);
  await mkdir(marks, { recursive: true });
  const name = `${kind}.${basename(target)}.${process.pid}.${randomBytes(4).toString('hex')}`;
  await writeFile(join(marks, name), '');
  const now = new Date();
  // What is not there is reported by who reads it next.
  await utimes(target, now, now).catch(() => undefined);
  return { [Symbol.asyncDispose]: () => rm(join(marks, name), { force: true }) };
}

/** Whether a process that runs uses the entry. Records of processes that have ended are removed on the way. */
export async function isInUse(cacheDir: string, kind: CacheKind, key: string): Promise<boolean> {
  let used = false;
  for (const name of await readdir(marksOf(cacheDir)).catch(() => [])) {
    const [markKind, markKey, pid] = name.split('.');
    if (!isRunning(Number(pid))) await rm(join(marksOf(cacheDir), name), { force: true });
    else if (markKind === kind && markKey === key) used = true;
  }
  return used;
}

function marksOf(cacheDir: string): string {
  return join(cacheDir, 'in-use');
}
