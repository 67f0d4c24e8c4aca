import type { Seccomp, SeccompAction } from '../../oci/seccomp.js';
import { holds, rulesOf } from '../seccomp/conditions.js';
import { deniedArguments, deniedCalls } from '../seccomp/floor.js';
import { stops } from '../seccomp/actions.js';

/**
 * The actions a call might meet. Where several rules match, libseccomp's choice depends on how it grew its tree, so
 * all of them count; the default counts when none matches, or when a rule with several conditions might be entered and
 * left again without one.
 */
export function possibleActions(profile: Seccomp, name: string, args: readonly bigint[]): SeccompAction[] {
  const entries = (profile.syscalls ?? []).filter(({ names }) => names.includes(name));
  const matching = entries.filter((entry) =>
    rulesOf(entry).some((rule) => rule.every((condition) => holds(condition, args[condition.index] ?? 0n))),
  );
  const branching = entries.some((entry) => rulesOf(entry).some((rule) => rule.length > 1));
  const actions = matching.map(({ action }) => action);
  return actions.length === 0 || branching ? [...actions, profile.defaultAction] : actions;
}

/** Calls the floor denies, with arguments chosen to slip through, that the profile might let through. */
export function holesIn(profile: Seccomp | undefined): string[] {
  if (profile === undefined) return ['there is no profile'];
  const calls: [string, bigint[]][] = [
    ...deniedCalls.map(({ name }): [string, bigint[]] => [name, []]),
    // The kernel reads 32 bits: the same value with high bits set is the same call.
    ...deniedArguments.flatMap(({ name, value }) =>
      [0n, 1n << 32n, 0xffff_ffffn << 32n].flatMap((high) =>
        [0n, 1n, 3n].map((second): [string, bigint[]] => [name, [high + BigInt(value), second, 0n]]),
      ),
    ),
  ];
  return calls
    .filter(([name, args]) => !possibleActions(profile, name, args).every((action) => stops(action)))
    .map(([name, args]) => `${name}(${args.join(', ')})`);
}
