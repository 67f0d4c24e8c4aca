import type { SeccompCondition, SeccompEntry } from '../../oci/seccomp.js';
import type { DeniedArgument } from './floor.js';

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

/**
 * Rules that together match what `rule` matches, except calls the floor denies; never more. libseccomp has no "masked
 * not equal", so "differs from the denied value" is spelled out bit by bit.
 */
export function without(denied: DeniedArgument, rule: Conjunction): Conjunction[] {
  const condition = rule.find(({ index }) => index === denied.index);
  const rest = rule.filter(({ index }) => index !== denied.index);
  if (condition === undefined) return differing(denied).map((bit) => [bit, ...rest]);
  if (excludes(condition, denied)) return [rule];
  const isPlainNegation = condition.op === 'SCMP_CMP_NE' && BigInt(condition.value) === BigInt(denied.value);
  if (isPlainNegation) return differing(denied).map((bit) => [bit, ...rest]);
  return allowedValues(denied)
    .filter((value) => holds(condition, BigInt(value)))
    .map((value) => [{ index: denied.index, value, op: 'SCMP_CMP_EQ' }, ...rest]);
}

/** For each bit of the mask: "this bit is not that of the denied value". One of them holds unless the value is denied. */
function differing({ index, mask, value }: DeniedArgument): SeccompCondition[] {
  const bits: SeccompCondition[] = [];
  for (let bit = 1; bit <= mask; bit *= 2)
    bits.push({ index, value: bit, valueTwo: ~value & bit, op: 'SCMP_CMP_MASKED_EQ' });
  return bits;
}

function allowedValues({ mask, value }: DeniedArgument): number[] {
  return Array.from({ length: mask + 1 }, (_, candidate) => candidate).filter(
    (candidate) => candidate !== value,
  );
}

/** Whether no argument that satisfies the condition is one the floor denies. */
function excludes({ op, value, valueTwo = 0 }: SeccompCondition, denied: DeniedArgument): boolean {
  const mask = BigInt(denied.mask);
  const forbidden = BigInt(denied.value);
  if (op === 'SCMP_CMP_EQ') return (BigInt(value) & mask) !== forbidden;
  if (op === 'SCMP_CMP_MASKED_EQ') {
    const compared = BigInt(value) & mask;
    return (BigInt(valueTwo) & mask) !== (forbidden & compared);
  }
  return false;
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
