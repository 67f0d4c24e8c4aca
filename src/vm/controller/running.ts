import { lockOwner } from '../instance/lock.js';
import type { InstancePaths } from '../instance/paths.js';
import { isRunning } from '../instance/process-identity.js';

/** The process that runs an instance now; undefined where none does. */
export async function runningController({ lock }: Pick<InstancePaths, 'lock'>): Promise<number | undefined> {
  const owner = await lockOwner(lock);
  return owner !== undefined && (await isRunning(owner)) ? owner.pid : undefined;
}
