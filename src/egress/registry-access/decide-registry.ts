import { BulkheadError } from '../../common/errors/bulkhead-error.js';
import { type HostName, hostText } from '../../common/authority.js';
import type { HostIndex } from '../names/host-index.js';
import type { Access, RegistryOperation } from '../registry-requests/operation.js';
import type { Verdict } from '../verdict.js';
import type { HostRole, RegistryEntry } from './registry-rules.js';

/** A request on its way to a host. */
export interface RegistryQuestion {
  readonly host: HostName;
  readonly port: number;
  readonly operation: RegistryOperation;
}

/** What is needed of a host: a part, and that it be opened for reading or changing; either will do where nothing of a repository is said. */
interface Need {
  readonly role: HostRole;
  readonly access: Access | 'either';
}

/** Roles that include the one asked for. */
const includes: Readonly<Record<HostRole, readonly HostRole[]>> = {
  registry: ['registry'],
  token: ['registry', 'token'],
  blobs: ['registry', 'token', 'blobs'],
};

const whatOf: Readonly<Record<HostRole, string>> = {
  registry: 'asking it as a registry',
  token: 'asking it for a token',
  blobs: 'asking it for files',
};

/**
 * Whether a request may go to its host. Of several rules those for the nearest name count: `a.example.com` before `*.example.com`; of that name, those with
 * this port before those for all ports. Threat: a registry that is reached by way of another that is listed, hence a redirect is a question like any other.
 */
export function decideRegistry(
  rules: HostIndex<RegistryEntry>,
  { host, port, operation }: RegistryQuestion,
  contact: string,
): Verdict {
  const need = needOf(operation);
  const entries = nearest(rules, host, port);
  const grants = entries.filter(({ role }) => includes[need.role].includes(role));
  const granted = grants.find(({ pull, push }) =>
    need.access === 'either' ? pull || push : need.access === 'pull' ? pull : push,
  );
  if (granted !== undefined) return { verdict: 'permit', place: granted.place };
  const name = port === 443 ? hostText(host) : `${hostText(host)}:${port}`;
  const what = need.access === 'push' ? 'changing what is there' : whatOf[need.role];
  const reason = reasonOf(entries, grants, need);
  return {
    verdict: 'refuse',
    error: new BulkheadError('BH_REGISTRY_ACCESS', { host: name, what, reason, contact }),
  };
}

function nearest(rules: HostIndex<RegistryEntry>, host: HostName, port: number): readonly RegistryEntry[] {
  for (const entries of rules.find(host))
    for (const wanted of [port, '*'] as const) {
      const found = entries.filter((entry) => entry.port === wanted);
      if (found.length > 0) return found;
    }
  return [];
}

function needOf(operation: RegistryOperation): Need {
  switch (operation.kind) {
    case 'ping':
      return { role: 'registry', access: 'either' };
    case 'token': {
      const pushes = operation.scopes.some(({ access }) => access === 'push');
      return { role: 'token', access: pushes ? 'push' : operation.scopes.length > 0 ? 'pull' : 'either' };
    }
    case 'catalog':
      return { role: 'registry', access: 'pull' };
    case 'other':
      return { role: 'blobs', access: operation.access };
    case 'manifest':
    case 'blob':
    case 'upload':
    case 'tags':
    case 'referrers':
      return { role: 'registry', access: operation.access };
  }
}

function reasonOf(
  entries: readonly RegistryEntry[],
  grants: readonly RegistryEntry[],
  { access }: Need,
): string {
  const [entry] = grants.length > 0 ? grants : entries;
  if (entry === undefined) return 'no rule names it';
  if (grants.length === 0) return `${entry.place} opens it as a host of ${entry.role} alone`;
  return `${entry.place} does not allow to ${access === 'either' ? 'use it' : access}`;
}
