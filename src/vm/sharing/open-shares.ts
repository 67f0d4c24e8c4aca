import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { codeOf, messageOf } from '../../common/cause.js';
import { BulkheadError, isBulkheadError } from '../../common/errors/bulkhead-error.js';
import { idMappable } from '../../common/id-mappable.js';
import { type AllowedDirectories, allowedPlaces, isAllowed, isFirstUserNamespace } from './allowed-places.js';
import { hiddenBelow, type HiddenPlace } from './hidden-places.js';
import { type HostPlace, openAsPath, placeOf, placesRelated, related } from './host-place.js';
import { protectedName } from './protected-names.js';
import {
  protectedBy,
  type ProtectedDirectory,
  type ProtectedPlaces,
  protectedPlaces,
} from './protected-places.js';
import type { ShareRequest } from './share-request.js';

/**
 * How a directory comes to containers. By `mount`, in native mode, it is mounted itself, and must neither hold anything protected nor lie on a file system without id-mapped
 * mounts. By `server`, in the VM's, a process of the user serves its files: what of it is protected, or is mounted in it, can be hidden from that process, and
 * the file system does not matter.
 */
export type SharedBy = 'mount' | 'server';

/** A directory that was opened and found fit. */
export interface OpenedShare {
  readonly handle: FileHandle;
  /** Where it appears in the engine's root. */
  readonly path: string;
  readonly readOnly: boolean;
  /** What below it its server must not see. */
  readonly hidden: readonly HiddenPlace[];
}

/** Where a directory was found to lie, which a name changed afterwards does not change. */
export interface SharedPlace {
  /** Its names: the one it was asked for by, and its real one where that is a link. */
  readonly paths: readonly string[];
  readonly place: HostPlace;
}

/** The same that was opened now. */
export interface PlacedShare extends OpenedShare {
  readonly place: HostPlace;
}

/** The entry program and PID 1 have room for as many (`MAX_SHARES`); one given by a link takes two. */
const mostShares = 64;
/** The VM has 32 slots for devices, and other things in some. */
const mostServed = 16;

/**
 * Opens the directories a person wants to share and judges what is open, so that a name changed afterwards makes no difference.
 * Where the name is a symbolic link, it is resolved here, once: the directory appears by that name and by its real one.
 * Each handle is the caller's to close, and none is left open when this throws.
 *
 * @param allowed what of the host may be shared at all; without it everything that is not protected.
 * @param earlier what is shared already: it was judged then, and is not looked for by its names again, as it may have been moved or deleted since.
 *
 * Throws `BH_SHARE_NAMESPACE`, `BH_SHARE_UNUSABLE`, `BH_SHARE_PROTECTED`, `BH_SHARE_FILESYSTEM`, `BH_SHARE_NOT_ALLOWED` or `BH_SHARE_NESTED`.
 */
export async function openShares(
  requests: readonly ShareRequest[],
  beside: readonly ProtectedDirectory[],
  allowed?: AllowedDirectories,
  by: SharedBy = 'mount',
  earlier: readonly SharedPlace[] = [],
): Promise<PlacedShare[]> {
  await using opened = new AsyncDisposableStack();
  if (allowed !== undefined && requests.length > 0 && !isFirstUserNamespace())
    throw new BulkheadError('BH_SHARE_NAMESPACE', { contact: allowed.contact });
  const kept = await protectedPlaces(beside);
  const places = allowed === undefined ? undefined : await allowedPlaces(allowed.directories);
  const shares: PlacedShare[] = [];
  const others = earlier.flatMap(({ paths, place }) => paths.map((path) => ({ path, place })));
  for (const request of requests) {
    const { handle, place } = await openShare(request, kept, by);
    opened.use(handle);
    if (places !== undefined && !isAllowed(place, places))
      throw new BulkheadError('BH_SHARE_NOT_ALLOWED', {
        path: request.path,
        directories: allowed?.directories.join(', ') || 'none',
        contact: allowed?.contact ?? '',
      });
    const names = [...new Set([request.path, place.realPath])];
    for (const path of names) checkName(path);
    for (const other of [...others, ...shares]) {
      if (names.some((path) => related(path, other.path)) || placesRelated(place, other.place))
        throw new BulkheadError('BH_SHARE_NESTED', { path: request.path, other: other.path });
    }
    const hidden = by === 'server' ? hiddenBelow(place, kept.places) : [];
    const { readOnly } = request;
    shares.push(...names.map((path) => ({ handle, path, readOnly, hidden, place })));
  }
  const most = by === 'server' ? mostServed : mostShares;
  if (others.length + shares.length > mostShares || earlier.length + requests.length > most)
    throw new BulkheadError('BH_SHARE_UNUSABLE', {
      path: shares.at(-1)?.path ?? '',
      reason: `no more than ${most} directories can be shared`,
    });
  opened.move();
  return shares;
}

/** One given by a link is there twice, by one handle. */
export async function closeShares(opened: readonly OpenedShare[]): Promise<void> {
  for (const { handle } of distinctShares(opened)) await handle.close();
}

export function distinctShares<Share extends OpenedShare>(opened: readonly Share[]): Share[] {
  return opened.filter(({ handle }, index) => opened[index - 1]?.handle !== handle);
}

/** In C a name is a string without null bytes, and in mount tables and messages a line. */
function checkName(path: string): void {
  const odd = /\p{Cc}/u.test(path);
  if (odd || Buffer.byteLength(path) > 3000)
    throw new BulkheadError('BH_SHARE_UNUSABLE', {
      path: JSON.stringify(path),
      reason: 'its name is too long or holds control characters',
    });
  const what = protectedName(path);
  if (what !== undefined) throw new BulkheadError('BH_SHARE_PROTECTED', { path, what });
}

async function openShare(
  { path }: ShareRequest,
  kept: ProtectedPlaces,
  by: SharedBy,
): Promise<{ handle: FileHandle; place: HostPlace }> {
  const unusable = (reason: string, cause?: unknown): BulkheadError =>
    new BulkheadError('BH_SHARE_UNUSABLE', { path, reason }, { cause });
  checkName(path);
  const handle = await open(path, openAsPath | constants.O_DIRECTORY).catch((error: unknown) => {
    throw unusable(reasonOf(error), error);
  });
  try {
    const place = await placeOf(handle);
    if (place === undefined || (await handle.stat()).nlink === 0) throw unusable('it is being taken away');
    const what = protectedBy(place, kept, by === 'server');
    if (what !== undefined) throw new BulkheadError('BH_SHARE_PROTECTED', { path, what });
    if (by === 'mount' && !idMappable(place.filesystem))
      throw new BulkheadError('BH_SHARE_FILESYSTEM', { path, filesystem: place.filesystem });
    return { handle, place };
  } catch (error) {
    await handle.close();
    // Such as of a network file system whose server is gone.
    throw isBulkheadError(error) ? error : unusable(reasonOf(error), error);
  }
}

function reasonOf(error: unknown): string {
  const code = codeOf(error);
  if (code === 'ENOENT') return 'it does not exist';
  if (code === 'ENOTDIR') return 'it is not a directory';
  return messageOf(error);
}
