import { messageOf } from '../../common/cause.js';
import { BulkheadError } from '../../common/errors/bulkhead-error.js';
import { remainsOf } from './disk-record.js';
import type { DiskFiles } from './disk-files.js';

/** Where a disk is, or is to be made. */
export interface DiskPlace {
  readonly file: string;
  /** Whether it was there already: then no new one may be made, which would be an empty one. */
  readonly recorded: boolean;
  /** One plain line where something is left that takes space and could not be removed; the next look tries again. */
  readonly note?: string;
}

/**
 * Takes up what a killed `bulkhead disk move` or a loss of power has left: a copy that is not in use is removed, and so is the disk that a copy has replaced,
 * once the copy is seen to be there. Every step may be repeated. Run with the instance's lock held.
 *
 * @param standard where the disk is if nothing is recorded. Throws `BH_DISK_RECORD`, `BH_DISK_AWAY`.
 */
export async function settleDisk(files: DiskFiles, standard: string): Promise<DiskPlace> {
  const record = files.readRecord();
  if (record === undefined) return { file: standard, recorded: false };
  const { file, copying, superseded } = record;
  // Where it was moved to, no new one is made: that disk is not there because its file system is not mounted. And one that was being moved was there: what was made of it may be all there is.
  const recorded = file !== standard || copying !== undefined || superseded !== undefined;
  if (recorded && !(await files.exists(file))) throw new BulkheadError('BH_DISK_AWAY', { dataDisk: file });
  const remains = remainsOf(record);
  if (remains.length === 0) return { file, recorded };
  try {
    for (const remain of remains) await files.remove(remain);
  } catch (error) {
    // It only takes space: no reason not to start.
    return { file, recorded, note: `${remains.join(', ')} cannot be removed: ${messageOf(error)}.` };
  }
  await files.writeRecord({ format: 1, file });
  return { file, recorded };
}
