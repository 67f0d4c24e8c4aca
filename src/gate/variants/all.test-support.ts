import type { Base } from './bases.test-support.js';
import type { Draft, Variation } from './draft.test-support.js';
import { fieldVariations } from './field-axes.test-support.js';
import { startLineVariations } from './head-axes.test-support.js';
import { jsonVariations } from './json-axes.test-support.js';

export interface Variant {
  readonly name: string;
  readonly base: Base;
  readonly variation: Variation;
}

const variations = [...startLineVariations, ...fieldVariations, ...jsonVariations];
const has = (draft: Draft, { needs }: Variation): boolean =>
  needs === undefined || draft[needs] !== undefined;

/** Every variation of every request of these. */
export function variantsOf(bases: readonly Base[]): Variant[] {
  return bases.flatMap((base) =>
    variations
      .filter((variation) => has(base.refused, variation))
      .map((variation) => ({ name: `${base.name}; ${variation.name}`, base, variation })),
  );
}
