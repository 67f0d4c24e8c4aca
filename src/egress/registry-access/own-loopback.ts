import { parseHost } from '../../common/authority.js';
import { parseHostPattern } from '../../common/host-pattern.js';
import { isLoopback, isLoopbackName } from '../../common/loopback.js';
import type { RegistryAccess } from '../../policy/index.js';
import { isListed } from './listed-hosts.js';
import { compileRegistryAccess } from './registry-rules.js';

/** What the rules say of a port of the engine's own loopback. */
export interface LoopbackRule {
  readonly address: string;
  /** `*`: of all ports no other rule is for. */
  readonly port: number | '*';
  readonly open: boolean;
}

/** What every system takes for its loopback without asking anybody (RFC 6761). */
const addressesOfName = ['127.0.0.1', '::1'];
/** A port nothing is at: what is said of it is said of every port no rule names. */
const unnamedPort = 0;

/**
 * Which registries on the engine's own loopback may be connected to, a rule for a port before that for all. Threat: the engine reaches its loopback without the gateway, and a published port of a container answers there
 * (`FROM localhost:5000/x`). What no rule says anything of is closed; of what is open nobody reads the requests.
 */
export function loopbackRules(access: RegistryAccess): readonly LoopbackRule[] {
  const listed = compileRegistryAccess(access);
  const hosts = new Map<string, Set<string>>();
  const ports = new Map<string, Set<number | '*'>>();
  for (const { host, port, alsoHosts = [] } of access.rules)
    for (const named of [{ host, port }, ...alsoHosts])
      for (const { address, as } of loopbackOf(named.host)) {
        addTo(hosts, address, as);
        addTo(ports, address, named.port);
      }
  return [...ports].flatMap(([address, named]) => {
    const isOpen = (port: number): boolean =>
      [...(hosts.get(address) ?? [])].some((host) => isListed(listed, host, port));
    return [...named]
      .sort((a, b) => Number(a === '*') - Number(b === '*'))
      .map((port) => ({ address, port, open: isOpen(port === '*' ? unnamedPort : port) }));
  });
}

/** The addresses a host of a rule has on the loopback, and one of the names by which it is found among the rules. */
function loopbackOf(text: string): { readonly address: string; readonly as: string }[] {
  const pattern = parseHostPattern(text);
  if (pattern === undefined) return [];
  const { below, host } = pattern;
  if (host.kind !== 'name') return isLoopback(host.text) ? [{ address: host.text, as: host.text }] : [];
  if (!isLoopbackName(host.text)) return [];
  const as = below ? `any.${host.text}` : host.text;
  return parseHost(as) === undefined ? [] : addressesOfName.map((address) => ({ address, as }));
}

function addTo<Item>(map: Map<string, Set<Item>>, key: string, item: Item): void {
  const found = map.get(key) ?? new Set<Item>();
  map.set(key, found.add(item));
}
