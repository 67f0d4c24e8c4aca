import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { abortReason } from '../../common/abort.js';
import { messageOf } from '../../common/cause.js';
import { BulkheadError, isBulkheadError } from '../../common/errors/bulkhead-error.js';
import type { DiskFiles } from './disk-files.js';
import { partOf } from './disk-record.js';
import { type DiskPlace, settleDisk } from './settle-disk.js';

/** A name nobody has: what is found under it after a crash is ours to remove. */
export function movedDiskName(instance: string): string {
  return `bulkhead-${instance}-${randomBytes(6).toString('hex')}.raw`;
}

export interface MoveRequest {
  readonly instance: string;
  /** Where the disk is if nothing is recorded. */
  readonly standard: string;
  /** Where it is now. */
  readonly file: string;
  /** Judged (`judgePlace`), absolute, without links in it. */
  readonly directory: string;
  /** Asked when the record says where the disk is going: rejects where it must not be, as in what containers can reach. */
  readonly allowed: (directory: string) => Promise<void>;
}

/**
 * Moves a disk: whatever ends this on its way, the record names one that is whole, the old or the new, and `settleDisk` removes the other. On the same file
 * system it is given a second name instead of being copied. Run with the instance's lock held, after `settleDisk`.
 *
 * Resolves with where it is now. Rejects with `BH_DISK_MOVE`, or the signal's reason; the old disk is then in use and nothing of the new is left.
 */
export async function moveDisk(
  files: DiskFiles,
  request: MoveRequest,
  onBytes: (bytes: number) => void,
  signal: AbortSignal,
): Promise<DiskPlace> {
  const { file: old, directory, instance, standard } = request;
  const moved = join(directory, movedDiskName(instance));
  try {
    // First: whatever is made from now on is known to the next who looks.
    await files.writeRecord({ format: 1, file: old, copying: moved });
    await request.allowed(directory);
    if (!(await files.link(old, moved))) {
      await files.copy(old, partOf(moved), onBytes, signal);
      await files.rename(partOf(moved), moved);
    }
    await files.syncName(moved);
    signal.throwIfAborted();
    // This is the moment.
    await files.writeRecord({ format: 1, file: moved, superseded: old });
  } catch (cause) {
    await settleDisk(files, standard).catch(() => undefined);
    if (signal.aborted) throw abortReason(signal);
    if (isBulkheadError(cause)) throw cause;
    throw new BulkheadError(
      'BH_DISK_MOVE',
      { dataDisk: old, directory, reason: messageOf(cause) },
      { cause },
    );
  }
  return await settleDisk(files, standard);
}
