import { open } from 'node:fs/promises';
import { codeOf } from '../../common/cause.js';
import { BulkheadError } from '../../common/errors/bulkhead-error.js';
import { canBeHidden, hiddenBelow, isPinned, type KeptPlace } from './hidden-places.js';
import {
  type HostPlace,
  identityOf,
  liesIn,
  openAsPath,
  placeOf,
  placeOfName,
  placesRelated,
} from './host-place.js';
import { namesOnTheWay } from './names-on-the-way.js';
import { protectedDirectories } from './protected-names.js';

/** What of the product must stay out of containers: its data, its sockets, the programs it starts as root. */
export interface ProtectedDirectory {
  readonly path: string;
  /** For the reader: `the engine's data`. */
  readonly what: string;
}

/** Where what no container may have lies now, and how one gets there. */
export interface ProtectedPlaces {
  readonly places: readonly KeptPlace[];
  readonly turns: readonly Turn[];
}

/**
 * A name on the way to one of the product's own that decides where the way goes on. Threat: a container that has the directory in which such a link lies makes another, and what the
 * user starts next goes by what that one leads to. A link can't be hidden: nothing can be mounted on one.
 */
export interface Turn {
  readonly place: HostPlace;
  readonly what: string;
}

/** One that does not exist holds nothing. */
export async function protectedPlaces(beside: readonly ProtectedDirectory[]): Promise<ProtectedPlaces> {
  const places: KeptPlace[] = [];
  const turns: Turn[] = [];
  for (const { path, what, own } of [
    ...protectedDirectories.map((name) => ({ path: name, what: name, own: false })),
    ...beside.map((directory) => ({ ...directory, own: true })),
  ]) {
    try {
      await using handle = await open(path, openAsPath);
      const place = await placeOf(handle);
      if (place === undefined)
        throw new BulkheadError('BH_SHARE_UNUSABLE', { path, reason: `where ${what} lies cannot be told` });
      const numbers = await handle.stat({ bigint: true });
      places.push({ place, inode: numbers.ino, identity: identityOf(numbers), what, own });
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error;
    }
    if (own)
      for (const name of (await namesOnTheWay(path)).slice(0, -1))
        turns.push({ place: await placeOfName(name), what: `${name}, which leads to ${path}, ${what}` });
  }
  return { places, turns };
}

/** What keeps a directory from being shared; undefined where nothing does. @param hides whether what lies in it can be hidden. Pure. */
export function protectedBy(
  share: HostPlace,
  { places, turns }: ProtectedPlaces,
  hides: boolean,
): string | undefined {
  const isHidden = (kept: KeptPlace): boolean => hides && canBeHidden(share, kept);
  const kept = places.find((one) => placesRelated(share, one.place) && !isHidden(one));
  const hidden = hides ? hiddenBelow(share, places) : [];
  const turn = turns.find(
    ({ place }) =>
      liesIn(place, share) &&
      !places.some((one) => isHidden(one) && liesIn(place, one.place)) &&
      !isPinned(share, place, hidden),
  );
  return kept?.what ?? turn?.what;
}
