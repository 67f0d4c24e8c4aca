import { canonicalHostName } from '../common/host-name.js';
import { type IpNetwork, parseIpNetwork } from '../common/ip-address.js';
import { parsePortList, type PortList } from '../common/port-list.js';

/** Where a rule says that connections go. */
export type DestinationHosts =
  | { readonly kind: 'every' }
  /** Canonical. */
  | { readonly kind: 'name'; readonly name: string }
  /** All names below it, never itself. */
  | { readonly kind: 'subdomains'; readonly domain: string }
  | { readonly kind: 'network'; readonly network: IpNetwork };

export interface Destination {
  readonly hosts: DestinationHosts;
  /** Absent where none are written. */
  readonly ports?: PortList;
}

/**
 * Reads `example.com`, `*.example.com`, `10.0.0.5`, `10.0.0.0/8`, `fd00::/8`, `*`, each with ports behind a colon (`example.com:443,8000-8999`, `[fd00::/8]:443`) or without.
 *
 * @returns undefined for anything else; a pattern with `*` elsewhere is nothing we would guess at.
 */
export function parseDestination(text: string): Destination | undefined {
  // More than one colon without brackets is IPv6, which then has no ports.
  const bare = text.split(':').length > 2 && !text.startsWith('[');
  const [, bracketed, plain, listed] = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::(.+))?$/.exec(text) ?? [];
  const host = bare ? text : (bracketed ?? plain);
  if (host === undefined || (bracketed !== undefined && !bracketed.includes(':'))) return undefined;
  const hosts = hostsOf(host);
  const ports = listed === undefined || bare ? undefined : parsePortList(listed);
  if (hosts === undefined || (listed !== undefined && !bare && ports === undefined)) return undefined;
  return { hosts, ...(ports === undefined ? {} : { ports }) };
}

function hostsOf(text: string): DestinationHosts | undefined {
  if (text === '*') return { kind: 'every' };
  const network = parseIpNetwork(text);
  if (network !== undefined) return { kind: 'network', network };
  const name = canonicalHostName(text.replace(/^\*\./, ''));
  if (name === undefined) return undefined;
  return text.startsWith('*.') ? { kind: 'subdomains', domain: name } : { kind: 'name', name };
}
