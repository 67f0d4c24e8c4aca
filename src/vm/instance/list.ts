import { readdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { defaultInstanceName, isInstanceName } from './name.js';
import { instancePaths } from './paths.js';

/** The names of every instance of this user that was ever started, sorted; none where there are none yet. */
export async function listInstances(
  directory = dirname(instancePaths(defaultInstanceName).stateDir),
): Promise<readonly string[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isDirectory() && isInstanceName(entry.name))
    .map(({ name }) => name)
    .toSorted();
}
