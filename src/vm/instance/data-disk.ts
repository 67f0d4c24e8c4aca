import { open, rename, stat, statfs, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isAbsent } from '../../common/cause.js';
import { BulkheadError } from '../../common/errors/bulkhead-error.js';
import type { InstancePaths } from './paths.js';

/** PID 1 formats a disk only if it starts with these 32 bytes, so that no other content is ever formatted away. */
export const blankMarker = Buffer.from('BULKHEAD-BLANK-DATA-DISK-v1\0\0\0\0\0', 'latin1');

const mebibyte = 1024 * 1024;
export const defaultDataDiskMiB = 64 * 1024;
/** A sparse disk takes space as the VM writes; with less than this the first image would fail inside the VM, where nobody sees why. */
export const neededFreeMiB = 1024;
const smallestDiskMiB = 256;

export interface DataDisk {
  readonly created: boolean;
  readonly sizeMiB: number;
}

/**
 * Makes sure that the data disk is there: a sparse raw file. An existing one is never resized or written to, and one that was there before is never made anew:
 * its file system may have been unmounted since the record was read.
 * Run with the instance's lock held.
 *
 * Throws `BH_DATA_DISK_INVALID`, `BH_DISK_AWAY` or `BH_DISK_SPACE`.
 */
export async function ensureDataDisk(
  { dataDisk: file, diskRecorded }: Pick<InstancePaths, 'dataDisk' | 'diskRecorded'>,
  sizeMiB = defaultDataDiskMiB,
): Promise<DataDisk> {
  const found = await stat(file).catch((error: unknown) => {
    if (isAbsent(error)) return undefined;
    throw error;
  });
  if (found === undefined && diskRecorded === true)
    throw new BulkheadError('BH_DISK_AWAY', { dataDisk: file });
  await checkFreeSpace(dirname(file));
  if (found === undefined) {
    await create(file, sizeMiB);
    return { created: true, sizeMiB };
  }
  if (!found.isFile()) {
    throw new BulkheadError('BH_DATA_DISK_INVALID', { dataDisk: file, reason: 'it is not a regular file' });
  }
  if (found.size < smallestDiskMiB * mebibyte || found.size % 512 !== 0) {
    const reason = `its size is ${found.size} bytes, as if it had been cut off`;
    throw new BulkheadError('BH_DATA_DISK_INVALID', { dataDisk: file, reason });
  }
  return { created: false, sizeMiB: found.size / mebibyte };
}

/** Throws `BH_DISK_SPACE`. */
export async function checkFreeSpace(
  directory: string,
  needed = neededFreeMiB,
  statfsOf: (path: string) => Promise<{ readonly bavail: number; readonly bsize: number }> = statfs,
): Promise<void> {
  const { bavail, bsize } = await statfsOf(directory);
  const available = Math.floor((bavail * bsize) / mebibyte);
  if (available < needed) throw new BulkheadError('BH_DISK_SPACE', { directory, available, needed });
}

/** Under another name first: a disk without its marker would never be formatted, and `up` would fail for ever. */
async function create(file: string, sizeMiB: number): Promise<void> {
  const draft = `${file}.new`;
  await unlink(draft).catch(() => undefined);
  {
    await using disk = await open(draft, 'wx', 0o600);
    await disk.truncate(sizeMiB * mebibyte);
    await disk.write(blankMarker, 0, blankMarker.length, 0);
    await disk.sync();
  }
  await rename(draft, file);
}
