import { notCarriedOut, type Settings } from '../policy/index.js';

/** What decides where engine and containers may connect, and what of. */
const restricting = [
  'containersProxy',
  'bulkhead.registryAccess',
  'bulkhead.imageAccess',
  'bulkhead.networkAccess',
];

/**
 * The settings of a policy that restrict what may get out, and that this version does not carry out: with any of them nothing may get out at all. A gateway that
 * allows everything would be what the administrator has forbidden.
 */
export function unenforcedRestrictions(policy: Settings | undefined): string[] {
  if (policy === undefined) return [];
  const idle = notCarriedOut(policy);
  return restricting.filter((name) => idle.some((other) => other === name || other.startsWith(`${name}.`)));
}
