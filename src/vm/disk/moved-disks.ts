import { dirname } from 'node:path';
import { listUsable } from '../instance/list.js';
import { instancePaths, type PathFacts } from '../instance/paths.js';
import { readDiskRecord, remainsOf } from './disk-record.js';

/**
 * The data disks of this user that were moved, with what a move leaves for a while; the others are in the state directory. Some may not be there.
 * Threat: who may write to one has everything of that VM, and its record of policies; so no container may.
 *
 * Throws `BH_DISK_RECORD`.
 */
export async function movedDisks(facts?: PathFacts): Promise<readonly string[]> {
  const files = new Set<string>();
  const stateRoot = dirname(instancePaths('default', facts).stateDir);
  // Root can't always look into a user's.
  for (const name of await listUsable(stateRoot).catch(() => [])) {
    const record = readDiskRecord(instancePaths(name, facts).diskRecord);
    if (record === undefined) continue;
    for (const path of [record.file, ...remainsOf(record)]) files.add(path);
  }
  return [...files];
}
