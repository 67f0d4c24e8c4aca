import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { codeOf } from '../../common/cause.js';
import { instancePaths, type PathFacts } from '../instance/paths.js';
import { type HostPlace, isAtOrBelow, liesIn, openAsPath, placeOf } from './host-place.js';
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

/** Undefined where nothing has that name. */
export async function placeAt(path: string, flags = openAsPath): Promise<HostPlace | undefined> {
  try {
    await using handle = await open(path, flags);
    return await placeOf(handle);
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return undefined;
    throw error;
  }
}
