import { parseHostPattern } from '../../common/host-pattern.js';
import type { RegistryAccess, RegistryRule } from '../../policy/index.js';
import { HostIndex } from '../names/host-index.js';
import { hostsOfHub, isHub } from './hub.js';

/** What a host is asked as: one with a role is asked as what is behind it in this list as well. */
export type HostRole = 'registry' | 'token' | 'blobs';

/** What a rule opens at a host of its. */
export interface RegistryEntry {
  /** As `bulkhead.registryAccess.rules[3]`. */
  readonly place: string;
  readonly port: number | '*';
  readonly role: HostRole;
  readonly pull: boolean;
  readonly push: boolean;
}

const setting = 'bulkhead.registryAccess';

/** The rules of a policy, compiled: each host a rule is for, with the part it has. */
export function compileRegistryAccess({ rules }: RegistryAccess): HostIndex<RegistryEntry> {
  const index = new HostIndex<RegistryEntry>();
  for (const [at, rule] of rules.entries())
    for (const { host, ...entry } of hostsOf(rule, `${setting}.rules[${at}]`)) {
      const pattern = parseHostPattern(host);
      if (pattern !== undefined) index.add(pattern, entry);
    }
  return index;
}

function hostsOf(
  { host, port, pull, push, alsoHosts = [] }: RegistryRule,
  place: string,
): (RegistryEntry & { readonly host: string })[] {
  const name = parseHostPattern(host);
  const own =
    name !== undefined && !name.below && isHub(name.host.text) && port === 443
      ? hostsOfHub
      : [[host, 'registry'] as const];
  return [
    ...own.map(([each, role]) => ({ place, host: each, port, role, pull, push })),
    ...alsoHosts.map((also, at) => ({ ...also, place: `${place}.alsoHosts[${at}]`, pull, push })),
  ];
}
