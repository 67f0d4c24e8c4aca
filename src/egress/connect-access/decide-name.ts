import type { ConnectPolicy } from './connection.js';
import { byRule, type Refused } from './refusals.js';
import { isListedFor } from './registry-barrier.js';
import type { Who } from './who.js';

/** By which browsers learn that names are not to be asked of others (encrypted DNS). */
const canary = 'use-application-dns.net';

/**
 * Whether a name may be resolved: where nothing leads there by any port, it is not even asked for. Threat: a question is a message to whoever owns the name (tunnels through DNS).
 *
 * @param name canonical.
 */
export function decideName(
  policy: ConnectPolicy,
  who: Who,
  name: string,
): { readonly kind: 'resolve' } | Refused {
  const { network } = policy;
  if (network === undefined) return { kind: 'resolve' };
  if (name !== canary && (network.mayLead(who, name) || isListedFor(policy, who, name, undefined)))
    return { kind: 'resolve' };
  return byRule(policy, who, `the name ${name}`, undefined);
}
