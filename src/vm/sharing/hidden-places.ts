import { posix } from 'node:path';
import { type HostPlace, isAtOrBelow } from './host-place.js';

/** A place that containers must not have. */
export interface KeptPlace {
  readonly place: HostPlace;
  /** Its number in that file system. */
  readonly inode: bigint;
  /** See `identityOf`. */
  readonly identity: string;
  /** For the reader. */
  readonly what: string;
  /** The product's own; the others are the system's, and no directory that holds one of these is anybody's to share. */
  readonly own: boolean;
}

/** What the server of a share must not see of it. */
export interface HiddenPlace {
  /** Relative to the share. */
  readonly path: string;
  /** `major:minor`, and the number in that file system: what has this name by the time it is hidden must be the same. */
  readonly device: string;
  readonly inode: bigint;
  /** For other engines and VMs, which look whether what is theirs is among it. */
  readonly identity: string;
}

/** Whether a share is fit once a place below it is hidden: a home directory, which holds the state of VMs. */
export function canBeHidden(share: HostPlace, { place, own }: KeptPlace): boolean {
  return own && pathInside(share, place) !== undefined;
}

/** From the share to what lies below it, by the file system or by name. */
function pathInside(share: HostPlace, place: HostPlace): string | undefined {
  const names: readonly (readonly [string, string])[] = [
    ...(place.device === share.device ? [[share.within, place.within] as const] : []),
    [share.realPath, place.realPath],
  ];
  const found = names.find(([one, other]) => one !== other && isAtOrBelow(other, one));
  return found === undefined ? undefined : posix.relative(...found);
}

/**
 * What of a share its server must not see, of two that lie in each other the outer one. What the machine has mounted in it, which is not shared with it in native mode either
 * and which nobody has judged, `share-guard` finds and hides, where nothing can be mounted any more.
 */
export function hiddenBelow(share: HostPlace, kept: readonly KeptPlace[]): HiddenPlace[] {
  const all = new Map<string, HiddenPlace>();
  for (const { place, inode, identity, own } of kept) {
    const path = own ? pathInside(share, place) : undefined;
    if (path !== undefined) all.set(path, { path, device: place.device, inode, identity });
  }
  return [...all.values()]
    .filter(({ path }) => ![...all.keys()].some((other) => path.startsWith(`${other}/`)))
    .toSorted((one, other) => (one.path < other.path ? -1 : 1));
}

/**
 * Whether a directory has something hidden below it in that share: its server has it mounted on itself then (`pin_above` of `share-guard/covers.c`), and nobody renames it. Never of a link,
 * below which nothing lies. Pure.
 */
export function isPinned(share: HostPlace, place: HostPlace, hidden: readonly HiddenPlace[]): boolean {
  const above = pathInside(share, place);
  return above !== undefined && hidden.some(({ path }) => isAtOrBelow(path, above));
}
