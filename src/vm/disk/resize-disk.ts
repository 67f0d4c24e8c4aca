import { open } from 'node:fs/promises';
import { messageOf } from '../../common/cause.js';
import { BulkheadError } from '../../common/errors/bulkhead-error.js';

export interface Resized {
  readonly fromBytes: number;
  readonly toBytes: number;
}

/**
 * Makes the file of a disk larger; the guest makes its file system as large when it boots (`vm-image/init/grow_disk.c`). One step, which the host's file system does whole or
 * not at all (ftruncate(2), then fsync(2)), so there is nothing to take up after a crash. Run with the instance's lock held.
 *
 * It is never made smaller: a file system can only be shrunk while nothing uses it, by moving blocks without a journal (resize2fs(8)), and one that is interrupted is lost.
 *
 * Throws `BH_DISK_SHRINK`, `BH_DISK_RESIZE`.
 */
export async function resizeDisk(file: string, toBytes: number): Promise<Resized> {
  try {
    await using disk = await open(file, 'r+');
    const { size: fromBytes } = await disk.stat();
    if (toBytes < fromBytes)
      throw new BulkheadError('BH_DISK_SHRINK', { dataDisk: file, size: gibibytes(fromBytes) });
    if (toBytes > fromBytes) {
      await disk.truncate(toBytes);
      await disk.sync();
    }
    return { fromBytes, toBytes };
  } catch (cause) {
    if (cause instanceof BulkheadError) throw cause;
    throw new BulkheadError('BH_DISK_RESIZE', { dataDisk: file, reason: messageOf(cause) }, { cause });
  }
}

/** "64", "1.5": of bytes. */
export function gibibytes(bytes: number): string {
  return String(Math.round((bytes / 1024 ** 3) * 10) / 10);
}
