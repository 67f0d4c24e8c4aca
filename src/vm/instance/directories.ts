import { lstatSync, type Stats } from 'node:fs';
import { lstat, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { codeOf, messageOf } from '../../common/cause.js';
import { directoriesTo, stickyBit, writableByOthers } from '../../common/directories-to.js';
import { BulkheadError } from '../../common/errors/bulkhead-error.js';
import { isForeignMount } from './foreign-mount.js';
import type { InstancePaths } from './paths.js';

/**
 * Makes the directories of an instance, for its user alone. The runtime directory may lie below /tmp, where another user can
 * have made it first to read or replace the sockets in it: it is used only if it is ours and closed to others. Where it is refused nothing was made in the state directory,
 * which may be another user's: of root where sudo leaves HOME as it was, that user, whom what root makes there is closed to.
 *
 * Throws `BH_RUNTIME_DIRECTORY`.
 */
export async function makeInstanceDirectories(paths: InstancePaths, uid = process.getuid?.()): Promise<void> {
  const parent = paths.runtimeDir.slice(0, paths.runtimeDir.lastIndexOf('/'));
  await checkAbove(dirname(parent), uid);
  await makePrivate(parent, uid);
  await makePrivate(paths.runtimeDir, uid);
  await mkdir(paths.stateDir, { recursive: true, mode: 0o700 });
}

/**
 * Threat: whose directory it lies in, however far above, moves it away, whoever it belongs to, and puts another in its place: of root where sudo leaves XDG_RUNTIME_DIR as it was, that user. So does
 * who has a link on the way, and in one that others may write to and that is not sticky, whoever comes by. What is not there, or can't be looked at, `makePrivate` tells.
 */
async function checkAbove(directory: string, uid: number | undefined): Promise<void> {
  if (uid === undefined) return;
  const above = await directoriesTo(directory).catch(() => []);
  const foreign = above.find(({ owner }) => owner !== 0 && owner !== uid);
  const open = above.find(({ mode }) => (mode & writableByOthers) !== 0 && (mode & stickyBit) === 0);
  const reason =
    foreign !== undefined
      ? `${foreign.path} belongs to user ${foreign.owner}, who could put another in the place of what is in it`
      : open !== undefined
        ? `others (its group, or everybody) may write to ${open.path}, and put another in the place of what is in it (\`chmod go-w ${open.path}\` keeps them out)`
        : undefined;
  if (reason !== undefined) throw new BulkheadError('BH_RUNTIME_DIRECTORY', { directory, reason });
}

async function makePrivate(directory: string, uid: number | undefined): Promise<void> {
  try {
    await mkdir(directory, { mode: 0o700 });
  } catch (cause) {
    if (codeOf(cause) !== 'EEXIST') {
      const reason = messageOf(cause);
      throw new BulkheadError('BH_RUNTIME_DIRECTORY', { directory, reason }, { cause });
    }
  }
  check(directory, await lstat(directory), uid);
}

/**
 * For who only asks what listens there. Threat: where there is no runtime directory of the user's, another user has made the one below /tmp, and would be shown who signs in
 * and given what is said to an engine.
 *
 * Throws `BH_RUNTIME_DIRECTORY`; what is not there is nobody's.
 */
export function checkRuntimeDirectory(
  { runtimeDir }: Pick<InstancePaths, 'runtimeDir'>,
  uid = process.getuid?.(),
): void {
  for (const directory of [dirname(runtimeDir), runtimeDir]) {
    const found = lstatSync(directory, { throwIfNoEntry: false });
    if (found === undefined) return;
    check(directory, found, uid);
  }
}

function check(directory: string, found: Stats, uid: number | undefined): void {
  const reason = !found.isDirectory()
    ? 'it is not a directory'
    : uid !== undefined && found.uid !== uid
      ? `it belongs to user ${found.uid}, not ${uid}`
      : (found.mode & writableByOthers) !== 0
        ? 'others may write to it'
        : isForeignMount(directory, found)
          ? 'a file system is mounted there, in a directory others may write to'
          : undefined;
  if (reason !== undefined) throw new BulkheadError('BH_RUNTIME_DIRECTORY', { directory, reason });
}
