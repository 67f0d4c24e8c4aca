import { type BigIntStats, constants, readFileSync, readlinkSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { basename, dirname, join, posix } from 'node:path';
import { isAbsent } from '../../common/cause.js';
import { deviceText, parseMountInfo } from '../../common/mountinfo.js';

/** O_PATH of fcntl.h, which Node has no name for: a descriptor that says which file, and opens nothing. */
export const openAsPath = 0o10_000_000;

/** Where an opened file lies, whatever name it was reached by. */
export interface HostPlace {
  /** The kernel's own name for it: every symbolic link resolved. */
  readonly realPath: string;
  /** `major:minor` of the file system. */
  readonly device: string;
  /** Path from the root of that file system; a bind mount elsewhere has the same. */
  readonly within: string;
  readonly filesystem: string;
}

/** Undefined when its mount is not in the mount table: it was unmounted meanwhile. Linux only. */
export async function placeOf(handle: FileHandle): Promise<HostPlace | undefined> {
  const realPath = readlinkSync(`/proc/self/fd/${handle.fd}`);
  const mountId = /^mnt_id:\s*(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${handle.fd}`, 'utf8'))?.[1];
  const line = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith(`${mountId} `));
  const mount = parseMountInfo(line ?? '');
  if (mount === undefined) return undefined;
  return {
    realPath,
    device: deviceText((await handle.stat({ bigint: true })).dev),
    within: posix.join(mount.root, posix.relative(mount.mountPoint, realPath)),
    filesystem: mount.filesystem,
  };
}

/** Of what a name stands for now; undefined where nothing has it. @param flags of open(2). */
export async function placeAt(path: string, flags = openAsPath): Promise<HostPlace | undefined> {
  try {
    await using handle = await open(path, flags);
    return await placeOf(handle);
  } catch (error) {
    return undefinedIfAbsent(error);
  }
}

/** For what is not there, or would lie in what is no directory; throws any other error. */
export function undefinedIfAbsent(error: unknown): undefined {
  if (!isAbsent(error)) throw error;
}

/** Of a name itself, which may be a link, or not be there. */
export async function placeOfName(name: string): Promise<HostPlace> {
  const found = await placeAt(name, openAsPath | constants.O_NOFOLLOW);
  if (found !== undefined) return found;
  return placeBelow(await placeAt(dirname(name)), name);
}

/** The same of one that can't be looked at. */
export async function placeOfUntold(name: string): Promise<HostPlace> {
  return placeBelow(await placeAt(dirname(name)).catch(() => undefined), name);
}

/** @param above of the directory it is in, where that is known. */
function placeBelow(above: HostPlace | undefined, name: string): HostPlace {
  const known = above ?? placeByName(dirname(name));
  const below = (path: string): string => join(path, basename(name));
  return { ...known, realPath: below(known.realPath), within: below(known.within) };
}

/** Of what is gone, or is being taken away, only the name counts. */
export function placeByName(path: string): HostPlace {
  return { realPath: path, device: '', within: '', filesystem: '' };
}

/** Whether one path is the other or lies below it. Both absolute and in their plain form. */
export function related(one: string, other: string): boolean {
  return isAtOrBelow(one, other) || isAtOrBelow(other, one);
}

export function isAtOrBelow(path: string, directory: string): boolean {
  return directory === '/' || path === directory || path.startsWith(`${directory}/`);
}

/** The same of two places: by file system, so that no bind mount hides it, or by name: a subvolume of btrfs has a number of its own and is no mount. */
export function liesIn(place: HostPlace, directory: HostPlace): boolean {
  return (
    (place.device === directory.device && isAtOrBelow(place.within, directory.within)) ||
    isAtOrBelow(place.realPath, directory.realPath)
  );
}

export function placesRelated(one: HostPlace, other: HostPlace): boolean {
  return liesIn(one, other) || liesIn(other, one);
}

/**
 * Which file it is, for as long as the machine runs: device, number and birth. Threat: a number alone is soon another file's, as when a program replaces the one it edits, and then again.
 */
export function identityOf({ dev, ino, birthtimeNs }: FileNumbers): string {
  return `${deviceText(dev)}:${ino}:${birthtimeNs}`;
}

/** Of stat(2). */
export type FileNumbers = Pick<BigIntStats, 'dev' | 'ino' | 'birthtimeNs'>;
