import { dirname } from 'node:path';
import { instancePaths, type PathFacts } from '../instance/paths.js';
import { isAtOrBelow, liesIn, placeAt } from './host-place.js';
import { runningRecords } from './recorded-shares.js';

/** The directory of a running engine or VM of this user that this one is, or lies below, under whatever name; undefined where there is none. */
export async function sharedHolderOf(directory: string, facts?: PathFacts): Promise<string | undefined> {
  for (const { directories } of await runningRecords(dirname(instancePaths('default', facts).stateDir)))
    for (const { path: shared } of directories)
      if (isAtOrBelow(directory, shared) || (await holds(shared, directory))) return shared;
  return undefined;
}

async function holds(shared: string, directory: string): Promise<boolean> {
  const [outer, inner] = [await placeAt(shared), await placeAt(directory)];
  return outer !== undefined && inner !== undefined && liesIn(inner, outer);
}
