import { type BulkheadError, partsOf } from '../../common/errors/bulkhead-error.js';
import type { Site } from './site.js';

/** `problem`: something does not work until it is mended. `warning`: it works, and the reader should know. */
export type Level = 'ok' | 'warning' | 'problem';

export interface Finding {
  readonly level: Level;
  /** What was found, one sentence without its full stop. */
  readonly text: string;
  /** What to do about it; nothing where it is ok. */
  readonly cure?: string;
}

/**
 * One precondition of the product. To look and to judge are two functions, so that every judgement is tested without a machine on which it is
 * true. Looking changes nothing.
 */
export interface Check<Facts> {
  /** As it is printed: one word. */
  readonly name: string;
  gather(site: Site): Promise<Facts>;
  judge(facts: Facts): readonly Finding[];
}

export const ok = (text: string): Finding => ({ level: 'ok', text });
export const warning = (text: string, cure: string): Finding => ({ level: 'warning', text, cure });
export const problem = (text: string, cure: string): Finding => ({ level: 'problem', text, cure });

/** A failure that would end `up` as well, in its own words. */
export function problemOf(error: BulkheadError): Finding {
  const { message, remedy } = partsOf(error);
  return problem(message.replace(/\.$/, ''), remedy);
}
