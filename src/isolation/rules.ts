import type { Rule } from './draft.js';

/** The rules, in the order they are applied. */
export const isolationRules: readonly Rule[] = [];
