import { homedir } from 'node:os';
import { join } from 'node:path';
import { type DirectoryFacts, directoriesTo } from '../../common/directories-to.js';

/**
 * To root: the directory on the way to where the Docker client keeps its contexts that is another user's, as with a sudo that leaves HOME as it was; undefined where there is none.
 * Threat: what root writes there that user reads, moves, and leads elsewhere by a link, or to a socket of his; and of what root has made there his own client says that it may not.
 */
export async function keptByOther(
  env: Readonly<Record<string, string | undefined>>,
  uid = process.getuid?.(),
): Promise<DirectoryFacts | undefined> {
  if (uid !== 0) return undefined;
  const given = env['DOCKER_CONFIG'] ?? '';
  const directories = await directoriesTo(given === '' ? join(env['HOME'] ?? homedir(), '.docker') : given);
  return directories.find(({ owner }) => owner !== 0);
}
