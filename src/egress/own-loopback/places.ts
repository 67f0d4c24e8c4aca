import { parseHost } from '../../common/authority.js';
import { parseHostPattern } from '../../common/host-pattern.js';
import { isLoopback, isLoopbackName } from '../../common/loopback.js';

/** What rules of one kind say of places on the engine's own loopback. */
export interface LoopbackPlaces {
  /** The ports they name, by address; `*` where they name all. */
  readonly named: ReadonlyMap<string, ReadonlySet<number | '*'>>;
  readonly admits: (address: string, port: number) => boolean;
}

/** What every system takes for its loopback without asking anybody (RFC 6761). */
const addressesOfName = ['127.0.0.1', '::1'];

/** The addresses a host of a rule has on the loopback, and one of the names by which it is found among the rules. */
export function loopbackOf(text: string): { readonly address: string; readonly as: string }[] {
  const pattern = parseHostPattern(text);
  if (pattern === undefined) return [];
  const { below, host } = pattern;
  if (host.kind !== 'name') return isLoopback(host.text) ? [{ address: host.text, as: host.text }] : [];
  if (!isLoopbackName(host.text)) return [];
  const as = below ? `any.${host.text}` : host.text;
  return parseHost(as) === undefined ? [] : addressesOfName.map((address) => ({ address, as }));
}

export function addTo<Key, Item>(map: Map<Key, Set<Item>>, key: Key, item: Item): void {
  const found = map.get(key) ?? new Set<Item>();
  map.set(key, found.add(item));
}
