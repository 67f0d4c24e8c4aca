import { z } from 'zod';
import { BulkheadError } from '../common/errors/bulkhead-error.js';

const schema = z.strictObject({
  serial: z.int().min(0),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional(),
});

/** Of a policy that was in force: as it is kept on the host and on the data disk. */
export interface PolicyRecord {
  readonly serial: number;
  /** Of what was signed, in hex (`contentHash`); undefined where a record was written by hand. */
  readonly sha256?: string | undefined;
}

/** A policy that another is held against, and where that is known from. */
export interface KnownPolicy extends PolicyRecord {
  /** For the message: a file, or what else says so. */
  readonly source: string;
}

/**
 * @param text of the file; undefined where there is none: the other records decide then.
 * @throws BH_POLICY_RECORD for a damaged one: taken for none, it would let an old policy back in.
 */
export function parsePolicyRecord(text: string | undefined, file: string): KnownPolicy | undefined {
  if (text === undefined) return undefined;
  try {
    return { ...schema.parse(JSON.parse(text)), source: file };
  } catch (cause) {
    throw new BulkheadError('BH_POLICY_RECORD', { file }, { cause });
  }
}

export function policyRecordText({ serial, sha256 }: PolicyRecord): string {
  return `${JSON.stringify({ serial, sha256 })}\n`;
}

/** 0 where none is known. */
export function highestSerialOf(known: readonly PolicyRecord[]): number {
  return Math.max(0, ...known.map(({ serial }) => serial));
}
