import type { SeccompCondition, SeccompEntry } from '../../oci/seccomp.js';

/** One filter rule: all conditions hold. */
export type Conjunction = readonly SeccompCondition[];

/**
 * The rules runc makes of one entry (its `matchCall`): all conditions together, unless two look at the same argument;
 * then every condition becomes a rule of its own, and any one of them is enough.
 */
export function rulesOf({ args = [] }: SeccompEntry): Conjunction[] {
  const indices = new Set(args.map(({ index }) => index));
  return indices.size === args.length ? [args] : args.map((condition) => [condition]);
}

/** What seccomp(2) makes of a condition, on the full 64 bits. For MASKED_EQ `value` is the mask (seccomp_rule_add(3)). */
export function holds({ op, value, valueTwo = 0 }: SeccompCondition, argument: bigint): boolean {
  const operand = BigInt(value);
  switch (op) {
    case 'SCMP_CMP_NE':
      return argument !== operand;
    case 'SCMP_CMP_LT':
      return argument < operand;
    case 'SCMP_CMP_LE':
      return argument <= operand;
    case 'SCMP_CMP_EQ':
      return argument === operand;
    case 'SCMP_CMP_GE':
      return argument >= operand;
    case 'SCMP_CMP_GT':
      return argument > operand;
    case 'SCMP_CMP_MASKED_EQ':
      return (argument & operand) === BigInt(valueTwo);
  }
}
