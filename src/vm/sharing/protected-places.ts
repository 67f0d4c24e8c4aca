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
import { namesOfUsers, wayTo } from './names-on-the-way.js';
import { protectedDirectories } from './protected-names.js';

/** What of the product must stay out of containers: its data, its sockets, the programs it starts as root. */
export interface ProtectedDirectory {
  readonly path: string;
  /** For the reader: `the engine's data`. */
  readonly what: string;
  /** Whose it is, where users of the machine decide what it leads to (`namesOfUsers`). */
  readonly users?: readonly number[];
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
  for (const { path, what, own, users } of [
    ...protectedDirectories.map((name) => ({ path: name, what: name, own: false, users: undefined })),
    ...beside.map((directory) => ({ users: undefined, ...directory, own: true })),
  ]) {
    const way = own ? await wayTo(path) : [];
    const names = users === undefined ? way : namesOfUsers(way, users);
    const last = way.at(-1);
    try {
      await using handle = await open(path, openAsPath);
      const place = await placeOf(handle);
      if (place === undefined)
        throw new BulkheadError('BH_SHARE_UNUSABLE', { path, reason: `where ${what} lies cannot be told` });
      const numbers = await handle.stat({ bigint: true });
      // What was opened must be what was judged: the users may have changed a link in between.
      const counts = users === undefined || names.some((one) => one === last && one.name === place.realPath);
      if (counts) places.push({ place, inode: numbers.ino, identity: identityOf(numbers), what, own });
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error;
    }
    for (const one of names)
      if (one !== last)
        turns.push({
          place: await placeOfName(one.name),
          what: `${one.name}, which leads to ${path}, ${what}`,
        });
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
