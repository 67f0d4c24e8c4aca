import { isAbsolute } from 'node:path';
import { z } from 'zod';
import { messageOf } from '../../common/cause.js';
import { readIfThere, replaceDurably } from '../../common/durable-file.js';
import { BulkheadError } from '../../common/errors/bulkhead-error.js';

const path = z.string().refine((text) => isAbsolute(text) && !text.includes('\0'), 'not an absolute path');

/**
 * Where the data disk of an instance is, and what was begun with it: `disk.json` of its state directory, replaced as a whole and durably. `file` alone is the
 * disk; what the others name is a copy or a remainder, whatever it holds.
 */
const recordSchema = z
  .strictObject({
    format: z.literal(1),
    /** The disk in use. */
    file: path,
    /** A copy that was begun; `<copying>.part` until it is whole. */
    copying: path.optional(),
    /** The disk that `file` was a copy of, which is to be removed. */
    superseded: path.optional(),
  })
  .refine(
    ({ file, copying, superseded }) => copying !== file && superseded !== file,
    'the disk in use is also one to remove',
  );

export type DiskRecord = z.infer<typeof recordSchema>;

/** Name of a copy that is not whole yet. */
export const partOf = (file: string): string => `${file}.part`;

/** What a move that was interrupted has left, or may have: a copy that is not in use, and the disk that a copy has replaced. */
export function remainsOf({ copying, superseded }: DiskRecord): string[] {
  return [
    ...(copying === undefined ? [] : [partOf(copying), copying]),
    ...(superseded === undefined ? [] : [superseded]),
  ];
}

/**
 * Undefined where nothing was ever recorded: the disk is where a new one is made.
 *
 * Throws `BH_DISK_RECORD` for one that makes no sense: to go on without it would be to start with an empty disk.
 */
export function readDiskRecord(file: string): DiskRecord | undefined {
  try {
    const text = readIfThere(file);
    return text === undefined ? undefined : recordSchema.parse(JSON.parse(text));
  } catch (cause) {
    const reason = cause instanceof z.ZodError ? z.prettifyError(cause) : messageOf(cause);
    throw new BulkheadError('BH_DISK_RECORD', { file, reason }, { cause });
  }
}

/** On disk when it returns. Throws what the system says. */
export function writeDiskRecord(file: string, record: DiskRecord): void {
  replaceDurably(file, `${JSON.stringify(recordSchema.parse(record))}\n`);
}
