import type { BulkheadError } from '../common/errors/bulkhead-error.js';

/** What the policy says of something that is to leave the engine, or to come in. */
export type Verdict = Permit | Refusal;

export interface Permit {
  readonly verdict: 'permit';
  /** What of the policy permits it, such as `bulkhead.registryAccess.rules[3]`. */
  readonly place: string;
  /** Nothing but these contents: whoever serves the answer holds it against them. Absent: any. */
  readonly digests?: ReadonlySet<string>;
  /** None of these contents, likewise: each with what of the policy denies it. */
  readonly deniedDigests?: ReadonlyMap<string, string>;
}

export interface Refusal {
  readonly verdict: 'refuse';
  /** With rule, setting and contact in its text. */
  readonly error: BulkheadError;
}
