import type { SeccompCondition, SeccompEntry } from '../../oci/seccomp.js';
import { stops } from './actions.js';
import { holds, rulesOf } from './conditions.js';
import type { DeniedArgument } from './floor.js';

/**
 * The entries on a call of which the floor denies one argument, replaced by a canonical set that keeps the floor.
 *
 * Canonical, because libseccomp cannot be trusted to combine: of 3,168 generated profiles whose every rule excluded
 * vsock, libseccomp 2.5.4 compiled 25 into a filter that opens it. What it is asked to compile for these calls is
 * therefore one of three shapes only, none of which overlaps with another action: an unconditional rule, masked equality
 * with one mask, plain equality.
 *
 * @param stopsByDefault whether the profile's default action stops the call.
 * @param entries those of the profile that name the call, and only that.
 * @returns a sentence when the entries cannot be brought into such a shape.
 */
export function canonicalEntries(
  denied: DeniedArgument,
  stopsByDefault: boolean,
  entries: readonly SeccompEntry[],
): SeccompEntry[] | string {
  const lets = entries.filter(({ action }) => !stops(action));
  const halts = entries.filter(({ action }) => stops(action));
  const finished = halts.find(isUnconditional);
  if (finished !== undefined) return [finished];
  if (stopsByDefault && lets.length === 0) return [];
  // In a profile that allows by default, another way of allowing has nothing to add.
  const relevant = stopsByDefault ? entries : halts;
  const open = stopsByDefault ? lets.find((entry) => isOpen(entry, denied)) : undefined;
  if (halts.length === 0 && open !== undefined)
    return differing(denied).map((condition) => entryOf(denied, open, condition));
  if (relevant.length > 0 && !(denied.enumerable && relevant.every((entry) => looksOnlyAt(denied, entry))))
    return `its conditions on ${denied.name} can't be combined with the floor`;
  return stopsByDefault ? allowedValues(denied, lets, halts) : stoppedValues(denied, halts);
}

/** The floor's own rule, for a profile that allows by default. */
export function floorEntry(denied: DeniedArgument): SeccompEntry {
  const condition = masked(denied, denied.value);
  return { names: [denied.name], action: 'SCMP_ACT_ERRNO', errnoRet: denied.errno, args: [condition] };
}

/** The profile's stopped values by masked equality, so that high bits do not get round them either, and the floor. */
function stoppedValues(denied: DeniedArgument, halts: readonly SeccompEntry[]): SeccompEntry[] {
  const stopped = otherValues(denied).flatMap((value) => {
    const entry = halts.find((candidate) => matches(candidate, value));
    return entry === undefined ? [] : [entryOf(denied, entry, masked(denied, value))];
  });
  return [floorEntry(denied), ...stopped];
}

function allowedValues(
  denied: DeniedArgument,
  lets: readonly SeccompEntry[],
  halts: readonly SeccompEntry[],
): SeccompEntry[] {
  return otherValues(denied).flatMap((value) => {
    const entry = lets.find((candidate) => matches(candidate, value));
    if (entry === undefined || halts.some((candidate) => matches(candidate, value))) return [];
    return [entryOf(denied, entry, { index: denied.index, value, op: 'SCMP_CMP_EQ' })];
  });
}

function isUnconditional({ args = [] }: SeccompEntry): boolean {
  return args.length === 0;
}

/** Whether an entry allows everything, or everything but what the floor denies (Docker's "family is not 40"). */
function isOpen(entry: SeccompEntry, { index, value }: DeniedArgument): boolean {
  const [condition, ...more] = entry.args ?? [];
  if (condition === undefined) return true;
  return (
    more.length === 0 &&
    condition.op === 'SCMP_CMP_NE' &&
    condition.index === index &&
    BigInt(condition.value) === BigInt(value)
  );
}

function looksOnlyAt({ index }: DeniedArgument, entry: SeccompEntry): boolean {
  return rulesOf(entry).every((rule) => rule.length <= 1 && rule.every((one) => one.index === index));
}

function matches(entry: SeccompEntry, value: number): boolean {
  return rulesOf(entry).some((rule) => rule.every((condition) => holds(condition, BigInt(value))));
}

function otherValues({ mask, value }: DeniedArgument): number[] {
  return Array.from({ length: mask + 1 }, (_, candidate) => candidate).filter((other) => other !== value);
}

/** Bit by bit "this bit is not that of the denied value": libseccomp has no masked inequality. */
function differing({ index, mask, value }: DeniedArgument): SeccompCondition[] {
  const bits: SeccompCondition[] = [];
  for (let bit = 1; bit <= mask; bit *= 2)
    bits.push({ index, value: bit, valueTwo: ~value & bit, op: 'SCMP_CMP_MASKED_EQ' });
  return bits;
}

function masked({ index, mask }: DeniedArgument, value: number): SeccompCondition {
  return { index, value: mask, valueTwo: value, op: 'SCMP_CMP_MASKED_EQ' };
}

function entryOf(denied: DeniedArgument, like: SeccompEntry, condition: SeccompCondition): SeccompEntry {
  return { ...like, names: [denied.name], args: [condition] };
}
