import { readdir, rename, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { codeOf } from '../common/cause.js';
import { type CacheKind, cacheKinds, isInUse } from './cache-use.js';
import { removeTree, temporaryName } from './staging.js';

/** Of each kind, however old: the image before last may be what a colleague's branch, or a step back, needs next. */
const kept = 3;

/** Milliseconds since its last use before an entry may go: who was just told its directory has not yet begun to use it. */
const grace = 3_600_000;

/**
 * Deletes images and unpacked packages that nobody uses, nobody used in the last hour, and of which three newer ones, by last use,
 * are there. Several may prune and build at once: an entry is renamed first, which one alone can do, and comes back if it was taken
 * into use, or made anew, in that moment. Gives the directories that are gone.
 */
export async function pruneCache(cacheDir: string, now = Date.now()): Promise<readonly string[]> {
  const removed: string[] = [];
  for (const kind of cacheKinds) {
    for (const key of (await entriesByUse(join(cacheDir, kind))).slice(kept)) {
      if (await removeEntry(cacheDir, kind, key, now)) removed.push(join(cacheDir, kind, key));
    }
  }
  return removed;
}

/** Keys, the last used first. */
async function entriesByUse(parent: string): Promise<readonly string[]> {
  const keys = (await readdir(parent).catch(() => [])).filter((name) => !name.startsWith('.'));
  const dated = await Promise.all(keys.map(async (key) => ({ key, used: await lastUse(join(parent, key)) })));
  return dated.toSorted((a, b) => b.used - a.used).map(({ key }) => key);
}

/** Milliseconds since the epoch; see `useCached`. What is gone counts as just used: there is nothing to do. */
async function lastUse(directory: string): Promise<number> {
  return stat(directory).then(
    ({ mtimeMs }) => mtimeMs,
    () => Number.POSITIVE_INFINITY,
  );
}

async function removeEntry(cacheDir: string, kind: CacheKind, key: string, now: number): Promise<boolean> {
  return removeIf(join(cacheDir, kind, key), async (path) => {
    return now - (await lastUse(path)) > grace && !(await isInUse(cacheDir, kind, key));
  });
}

/** Removes a directory that is dispensable, and still is once nobody finds it any more. Says whether it did. */
export async function removeIf(
  directory: string,
  dispensable: (path: string) => Promise<boolean>,
): Promise<boolean> {
  if (!(await dispensable(directory))) return false;
  // Under this name the next build removes it if this process is killed meanwhile.
  const doomed = join(dirname(directory), temporaryName());
  if (!(await renamed(directory, doomed))) return false;
  if (!(await dispensable(doomed)) && (await renamed(doomed, directory))) return false;
  await removeTree(doomed);
  return true;
}

/** False when the source is gone or the target has been made by somebody else. */
async function renamed(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT' || code === 'ENOTEMPTY' || code === 'EEXIST') return false;
    throw error;
  }
}
