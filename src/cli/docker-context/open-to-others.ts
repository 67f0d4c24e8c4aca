import { dirname } from 'node:path';
import { type DirectoryFacts, directoriesTo, writableByOthers } from '../../common/directories-to.js';

/**
 * The directory on the way to a socket in which another user can put something of the next one's name once that has gone; undefined where there is none.
 * Threat: a context of Docker's stays when the engine ends, and below /tmp the directory of its socket goes with a reboot or whatever tidies up there. Who then makes both is talked
 * to by every `docker` command of this user, and given its build contexts and passwords of registries.
 *
 * Rejects with what the system says.
 */
export async function openToOthers(socket: string, uid = process.getuid?.()): Promise<string | undefined> {
  // What is not there yet is made by this user, in what is.
  return firstOpen(await directoriesTo(dirname(socket)), uid);
}

/** Pure. A directory is its owner's, whatever its mode; that names are kept apart there (the sticky bit) helps for as long as they are taken. */
export function firstOpen(
  directories: readonly DirectoryFacts[],
  uid: number | undefined,
): string | undefined {
  return directories.find(
    ({ owner, mode }) => (owner !== 0 && owner !== uid) || (mode & writableByOthers) !== 0,
  )?.path;
}
