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

/** By file system, so that neither a link nor a bind mount leads out. */
export function isAllowed(place: HostPlace, allowed: readonly HostPlace[]): boolean {
  return allowed.some(({ device, within }) => place.device === device && isAtOrBelow(place.within, within));
}

/** The home of a user by the machine's own list (passwd(5)), not by the environment, which the person decides. */
export function homeOf(uid: number, passwd = readFileSync('/etc/passwd', 'utf8')): string {
  const line = passwd.split('\n').find((entry) => entry.split(':')[2] === String(uid));
  return line?.split(':')[5] ?? userInfo().homedir;
}
