import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { codeOf } from '../../common/cause.js';
import { defaultInstanceName, isInstanceName } from './name.js';
import { instancePaths } from './paths.js';

/** The names of every instance of this user that was ever started, sorted; none where there are none yet. For show: what can't be read, or is a link, is passed over. */
export async function listInstances(
  directory = dirname(instancePaths(defaultInstanceName).stateDir),
): Promise<readonly string[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isDirectory() && isInstanceName(entry.name))
    .map(({ name }) => name)
    .toSorted();
}

/**
 * The same for who must miss none that may run: one's state can lie elsewhere, behind a symbolic link. Without those of another user that this one can't enter, such as root makes
 * where sudo leaves HOME as it was: this user runs none there.
 *
 * Throws what the system says, but where there is no such directory.
 */
export async function listUsable(directory: string, uid = process.getuid?.()): Promise<readonly string[]> {
  const names: string[] = [];
  for (const entry of await entriesOf(directory)) {
    if (!(entry.isDirectory() || entry.isSymbolicLink()) || !isInstanceName(entry.name)) continue;
    if (!(await isClosedByAnother(join(directory, entry.name), uid))) names.push(entry.name);
  }
  return names.toSorted();
}

async function entriesOf(directory: string): Promise<readonly Dirent[]> {
  try {
    return await readdir(directory, { withFileTypes: true });
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
}

async function isClosedByAnother(directory: string, uid: number | undefined): Promise<boolean> {
  const found = await stat(directory).catch(() => undefined);
  // What can't be looked at is not taken for another's: reading what is in it says why.
  if (found === undefined || uid === 0 || found.uid === uid) return false;
  return stat(`${directory}/.`).then(
    () => false,
    (error: unknown) => codeOf(error) === 'EACCES',
  );
}
