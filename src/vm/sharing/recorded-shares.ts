import { realpathSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { codeOf } from '../../common/cause.js';
import { readIfThere, replaceDurably } from '../../common/durable-file.js';
import { listInstances } from '../instance/list.js';
import { instancePaths, type PathFacts } from '../instance/paths.js';
import { identify, isRunning } from '../instance/process-identity.js';
import { isAtOrBelow, openAsPath, placeOf } from './host-place.js';

/** What an engine's containers can reach of this machine, for as long as its process runs. */
const recordSchema = z.strictObject({
  format: z.literal(1),
  owner: z.strictObject({ pid: z.int().positive(), started: z.string() }),
  directories: z.array(z.string()),
});

/**
 * Says which directories this process shares with containers from now on. Before it looks what must not be in them, as who puts such a thing somewhere looks here
 * after having said where: so one of the two sees the other.
 *
 * @param file of `sharedRecords`.
 */
export async function recordShares(file: string, directories: readonly string[]): Promise<void> {
  const owner = await identify(process.pid);
  if (owner === undefined) throw new Error('this process does not find itself');
  const record = { format: 1, owner, directories: directories.map(realPathOf) } as const;
  replaceDurably(file, `${JSON.stringify(recordSchema.parse(record))}\n`);
}

/** The directory of a running engine or VM of this user that this one is, or lies below, under whatever name; undefined where there is none. */
export async function sharedHolderOf(directory: string, facts?: PathFacts): Promise<string | undefined> {
  for (const shared of await directoriesInUse(facts)) {
    if (isAtOrBelow(directory, shared) || (await holds(shared, directory))) return shared;
  }
  return undefined;
}

async function directoriesInUse(facts: PathFacts | undefined): Promise<readonly string[]> {
  const found: string[] = [];
  for (const name of await listInstances(dirname(instancePaths('default', facts).stateDir))) {
    for (const file of Object.values(instancePaths(name, facts).sharedRecords)) {
      const text = readIfThere(file);
      if (text === undefined) continue;
      const { owner, directories } = recordSchema.parse(JSON.parse(text));
      if (await isRunning(owner)) found.push(...directories);
    }
  }
  return found;
}

/** By file system, so that no bind mount hides it. */
async function holds(shared: string, directory: string): Promise<boolean> {
  try {
    await using outer = await open(shared, openAsPath);
    await using inner = await open(directory, openAsPath);
    const [one, other] = [await placeOf(outer), await placeOf(inner)];
    return (
      one !== undefined &&
      other !== undefined &&
      one.device === other.device &&
      isAtOrBelow(other.within, one.within)
    );
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
}

/** One that is not there is refused by who opens it. */
function realPathOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
