import { z } from 'zod';
import { BulkheadError } from '../common/errors/bulkhead-error.js';

const schema = z.strictObject({ seen: z.iso.datetime() });

/** The highest time there was, and where that is known from. */
export interface SeenTime {
  /** Milliseconds since 1970. */
  readonly time: number;
  /** For the message. */
  readonly source: string;
}

/**
 * @param text of the file; undefined where there is none.
 * @throws BH_POLICY_RECORD for a damaged one: taken for none, a clock that is set back would be right.
 */
export function parseSeenTime(text: string | undefined, file: string): SeenTime | undefined {
  if (text === undefined) return undefined;
  try {
    return { time: Date.parse(schema.parse(JSON.parse(text)).seen), source: file };
  } catch (cause) {
    throw new BulkheadError('BH_POLICY_RECORD', { file }, { cause });
  }
}

export function seenTimeText(time: number): string {
  return `${JSON.stringify({ seen: new Date(time).toISOString() })}\n`;
}
