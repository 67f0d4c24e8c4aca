import { readdir, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * The unpacked Debian packages the newest image was made of, with programs that no image holds in the clear. Undefined
 * while no image was built.
 */
export async function unpackedRoot(): Promise<string | undefined> {
  const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'bulkhead', 'userland');
  const keys = (await readdir(cache).catch(() => [])).filter((key) => !key.startsWith('.'));
  const found = await Promise.all(
    keys.map(async (key) => ({ key, made: (await stat(join(cache, key))).mtimeMs })),
  );
  const newest = found.reduce<{ key: string; made: number } | undefined>(
    (best, entry) => (best === undefined || entry.made > best.made ? entry : best),
    undefined,
  );
  return newest === undefined ? undefined : join(cache, newest.key, 'root');
}
