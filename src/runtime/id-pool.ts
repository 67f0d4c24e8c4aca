import type { IdRange } from '../isolation/plan.js';

export interface PoolLimits {
  /** First id that may be given. */
  readonly first: number;
  /** First id that may not. */
  readonly end: number;
  /** Ranges are multiples of this many ids, at multiples of it from `first`. */
  readonly slot: number;
}

/** Above the ids of system and human users, below 2^31, where programs with signed ids still work. */
export const defaultLimits: PoolLimits = { first: 100_000, end: 2 ** 31, slot: 65_536 };

/** Where the search starts next time. */
export interface Cursor {
  readonly next: number;
  /** True once the search has passed the end: from then on every range may have been somebody's before. */
  readonly wrapped: boolean;
}

/**
 * Next-fit: the first free slots from the cursor on, so that an id is given again as late as possible. Pure.
 *
 * @param count ids wanted; rounded up to whole slots.
 * @param isFree says whether one slot, given by its first id, is free.
 * @returns undefined when no such run of slots is free.
 */
export function nextFit(
  limits: PoolLimits,
  cursor: Cursor,
  count: number,
  isFree: (base: number) => boolean,
): { readonly range: IdRange; readonly cursor: Cursor } | undefined {
  const slots = Math.floor((limits.end - limits.first) / limits.slot);
  const wanted = Math.max(1, Math.ceil(count / limits.slot));
  const start = Math.min(Math.max(0, Math.ceil((cursor.next - limits.first) / limits.slot)), slots);
  const baseOf = (index: number) => limits.first + index * limits.slot;
  for (const [from, until, again] of [
    [start, slots, false],
    [0, Math.min(start + wanted - 1, slots), true],
  ] as const) {
    for (let run = 0, index = from; index < until; index++) {
      run = isFree(baseOf(index)) ? run + 1 : 0;
      if (run < wanted) continue;
      const range = { base: baseOf(index - wanted + 1), size: wanted * limits.slot };
      return { range, cursor: { next: range.base + range.size, wrapped: cursor.wrapped || again } };
    }
  }
  return undefined;
}
