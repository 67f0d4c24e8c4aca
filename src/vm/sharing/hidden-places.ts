import { readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { parseMountInfo } from '../../common/mountinfo.js';
import { type HostPlace, isAtOrBelow } from './host-place.js';

/** A place that containers must not have. */
export interface KeptPlace {
  readonly place: HostPlace;
  /** For the reader. */
  readonly what: string;
  /** The product's own; the others are the system's, and no directory that holds one of these is anybody's to share. */
  readonly own: boolean;
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
 * What of a share its server must not see, by paths relative to it: what is kept, and what the machine has mounted in it, which is not shared with it in native mode either
 * and which nobody has judged. Of two that lie in each other the outer one.
 *
 * @param mountInfo text of /proc/self/mountinfo.
 */
export function hiddenBelow(
  share: HostPlace,
  kept: readonly KeptPlace[],
  mountInfo = readFileSync('/proc/self/mountinfo', 'utf8'),
): string[] {
  const own = kept
    .filter(({ own }) => own)
    .map(({ place }) => pathInside(share, place))
    .filter((path) => path !== undefined);
  const mounted = mountInfo
    .split('\n')
    .map((line) => parseMountInfo(line)?.mountPoint ?? '')
    .filter((point) => point !== share.realPath && isAtOrBelow(point, share.realPath))
    .map((point) => posix.relative(share.realPath, point));
  const all = [...new Set([...own, ...mounted])];
  return all.filter((path) => !all.some((other) => other !== path && path.startsWith(`${other}/`))).sort();
}
