import { constants, readFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { type HostPlace, isAtOrBelow, openAsPath, placeOf } from './host-place.js';

/** What an organization lets be shared. */
export interface AllowedDirectories {
  readonly directories: readonly string[];
  /** Whom a refusal tells the reader to ask. */
  readonly contact: string;
}

/** Where these directories lie, resolved as the kernel does; one that is not there allows nothing. */
export async function allowedPlaces(directories: readonly string[]): Promise<readonly HostPlace[]> {
  const places: HostPlace[] = [];
  for (const directory of directories) {
    const handle = await open(directory, openAsPath | constants.O_DIRECTORY).catch(() => undefined);
    if (handle === undefined) continue;
    await using opened = handle;
    const place = await placeOf(opened);
    if (place !== undefined) places.push(place);
  }
  return places;
}

/**
 * Whether names mean here what they mean to the machine. Threat: in a user namespace of their own a person mounts what they like on an allowed directory, without being
 * root, and what lies there would be allowed. The first namespace has every id, which no other gets without root (user_namespaces(7)).
 */
export function isFirstUserNamespace(uidMap = readFileSync('/proc/self/uid_map', 'utf8')): boolean {
  return uidMap.trim().split(/\s+/).join(' ') === '0 0 4294967295';
}

/** By file system, so that neither a link nor a bind mount leads out. */
export function isAllowed(place: HostPlace, allowed: readonly HostPlace[]): boolean {
  return allowed.some(({ device, within }) => place.device === device && isAtOrBelow(place.within, within));
}

/** The home of a user by the machine's own list (passwd(5)), not by the environment, which the person decides. */
export function homeOf(uid: number, passwd = readFileSync('/etc/passwd', 'utf8')): string {
  const line = passwd.split('\n').find((entry) => entry.split(':')[2] === String(uid));
  return line?.split(':')[5] ?? userInfo().homedir;
}
