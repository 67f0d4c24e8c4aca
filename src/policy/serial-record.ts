import { z } from 'zod';
import { BulkheadError } from '../common/errors/bulkhead-error.js';

const schema = z.strictObject({ serial: z.int().min(0) });

/**
 * The highest serial of a policy that was in force, as it is kept on the host and on the data disk.
 *
 * @param text of the file; undefined where there is none, which counts as 0: the other record decides then.
 * @throws BH_POLICY_RECORD for a damaged one: taken for none, it would let an old policy back in.
 */
export function parseSerialRecord(text: string | undefined, file: string): number {
  if (text === undefined) return 0;
  try {
    return schema.parse(JSON.parse(text)).serial;
  } catch (cause) {
    throw new BulkheadError('BH_POLICY_RECORD', { file }, { cause });
  }
}

export function serialRecordText(serial: number): string {
  return `${JSON.stringify({ serial })}\n`;
}
