import { parseAddress, parseHost } from '../../common/authority.js';
import type { HostIndex } from '../names/host-index.js';
import type { RegistryEntry } from './registry-rules.js';

/**
 * Whether the rules open a host for anything: to a client whose requests nobody reads no more can be said. Threat: what is listed to be pulled from can be pushed to by such a client.
 *
 * @param host canonical, an IPv6 address without brackets.
 * @param port undefined for any.
 */
export function isListed(rules: HostIndex<RegistryEntry>, host: string, port: number | undefined): boolean {
  const name = parseAddress(host) ?? parseHost(host);
  if (name === undefined) return false;
  for (const entries of rules.find(name)) {
    // As for requests: what is said of the port decides alone.
    const own = entries.filter((entry) => entry.port === port);
    const found =
      port === undefined ? entries : own.length > 0 ? own : entries.filter((entry) => entry.port === '*');
    if (found.length > 0) return found.some(({ pull, push }) => pull || push);
  }
  return false;
}

/** Whether a rule calls a host a registry by its own name, open or closed: it need not be asked then. What is below a domain of a rule may be anything. */
export function isNamedRegistry(rules: HostIndex<RegistryEntry>, host: string, port: number): boolean {
  const name = parseAddress(host) ?? parseHost(host);
  if (name === undefined) return false;
  return rules
    .at(name)
    .some((entry) => entry.role === 'registry' && (entry.port === port || entry.port === '*'));
}
