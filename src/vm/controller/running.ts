import { checkRuntimeDirectory } from '../instance/directories.js';
import { lockOwner } from '../instance/lock.js';
import type { InstancePaths } from '../instance/paths.js';
import { isRunning } from '../instance/process-identity.js';

/**
 * The process that runs an instance now; undefined where none does.
 *
 * Throws `BH_RUNTIME_DIRECTORY` where its sockets would be another user's: they are elsewhere then, or gone with the session it was started in.
 */
export async function runningController(
  paths: Pick<InstancePaths, 'lock' | 'runtimeDir'>,
): Promise<number | undefined> {
  const owner = await lockOwner(paths.lock);
  if (owner === undefined || !(await isRunning(owner))) return undefined;
  checkRuntimeDirectory(paths);
  return owner.pid;
}
