import { open } from 'node:fs/promises';
import { messageOf } from '../../common/cause.js';
import { BulkheadError, isBulkheadError } from '../../common/errors/bulkhead-error.js';
import { canBeHidden, hiddenBelow, isPinned, type KeptPlace } from './hidden-places.js';
import {
  type HostPlace,
  identityOf,
  liesIn,
  openAsPath,
  placeOf,
  placeOfName,
  placeOfUntold,
  placesRelated,
  undefinedIfAbsent,
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
  /** Names of what can't be looked at, which is hidden only with what holds it. */
  readonly untold: readonly Turn[];
}

/**
 * A name on the way to one of the product's own that decides where the way goes on. Threat: a container that has the directory in which such a link lies makes another, and what the
 * user starts next goes by what that one leads to. A link can't be hidden: nothing can be mounted on one.
 */
export interface Turn {
  readonly place: HostPlace;
  readonly what: string;
}

/**
 * One that does not exist holds nothing. Of one that can't be looked at, as on a network file system whose server is gone, the name counts as far as it can be told: whose it is, such as another
 * VM, has the trouble, and who shares something else has none.
 */
export async function protectedPlaces(beside: readonly ProtectedDirectory[]): Promise<ProtectedPlaces> {
  const places: KeptPlace[] = [];
  for (const path of protectedDirectories) {
    const found = await keptAt({ path, what: path }, false).catch(undefinedIfAbsent);
    if (found !== undefined) places.push(found);
  }
  const own: ProtectedPlaces[] = [];
  for (const directory of beside) own.push(await ownPlaces(directory));
  return {
    places: [...places, ...own.flatMap((one) => one.places)],
    turns: own.flatMap(({ turns }) => turns),
    untold: own.flatMap(({ untold }) => untold),
  };
}

async function ownPlaces(directory: ProtectedDirectory): Promise<ProtectedPlaces> {
  const { path, what, users } = directory;
  const way = await wayTo(path);
  const { last } = way;
  const names = [...way.turns, last];
  const counted = users === undefined ? names : namesOfUsers(names, users);
  const turns: Turn[] = [];
  for (const { name } of counted.filter((one) => one !== last))
    turns.push({
      place: await placeOfName(name).catch(() => placeOfUntold(name)),
      what: `${name}, which leads to ${path}, ${what}`,
    });
  try {
    const found = await keptAt(directory, true).catch(undefinedIfAbsent);
    // What was opened must be what was judged: the users may have changed a link in between.
    const isJudged = counted.includes(last) && last.name === found?.place.realPath;
    return {
      places: found !== undefined && (users === undefined || isJudged) ? [found] : [],
      turns,
      untold: [],
    };
  } catch (error) {
    // What root can't reach no container gets by root's hand.
    if (users !== undefined) return { places: [], turns, untold: [] };
    if (isBulkheadError(error)) throw error;
    const whatIsUntold = `${last.name}, which can't be looked at (${messageOf(error)}) and leads to ${path}, ${what}`;
    return { places: [], turns, untold: [{ place: await placeOfUntold(last.name), what: whatIsUntold }] };
  }
}

async function keptAt({ path, what }: ProtectedDirectory, own: boolean): Promise<KeptPlace> {
  await using handle = await open(path, openAsPath);
  const place = await placeOf(handle);
  if (place === undefined)
    throw new BulkheadError('BH_SHARE_UNUSABLE', { path, reason: `where ${what} lies cannot be told` });
  const numbers = await handle.stat({ bigint: true });
  return { place, inode: numbers.ino, identity: identityOf(numbers), what, own };
}

/** What keeps a directory from being shared; undefined where nothing does. @param hides whether what lies in it can be hidden. Pure. */
export function protectedBy(
  share: HostPlace,
  { places, turns, untold }: ProtectedPlaces,
  hides: boolean,
): string | undefined {
  const isHidden = (kept: KeptPlace): boolean => hides && canBeHidden(share, kept);
  const kept = places.find((one) => placesRelated(share, one.place) && !isHidden(one));
  const hidden = hides ? hiddenBelow(share, places) : [];
  const liesInHidden = (place: HostPlace): boolean =>
    places.some((one) => isHidden(one) && liesIn(place, one.place));
  const turn = turns.find(
    ({ place }) => liesIn(place, share) && !liesInHidden(place) && !isPinned(share, place, hidden),
  );
  const unseen = untold.find(({ place }) => placesRelated(share, place) && !liesInHidden(place));
  return kept?.what ?? turn?.what ?? unseen?.what;
}
