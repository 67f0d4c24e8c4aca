import { domainsAbove } from '../../common/host-name.js';
import { type IpAddress, type IpNetwork, masked, parseIpNetwork } from '../../common/ip-address.js';
import { everyPort, parsePortList, type PortList } from '../../common/port-list.js';
import { type DestinationHosts, type NetworkAccess, parseDestination } from '../../policy/index.js';
import { AllowedNames } from './allowed-names.js';
import { type CompiledRule, RuleBucket } from './rule-bucket.js';
import { isFor, type Selector, selectorOf, specificityOf, type Who } from './who.js';

/** Rules about networks of one length, by the network. */
interface PrefixRules {
  readonly family: 4 | 6;
  readonly prefix: number;
  readonly rules: Map<bigint, RuleBucket>;
}

/**
 * The rules of `bulkhead.networkAccess`, indexed: 50,000 must not cost a connection more than one does. The most specific counts: a name before names below a domain (the longest first), these before a network
 * (likewise), which is before `*`; for the same hosts a rule for images before one for labels, and these before one for everybody; then ports; then what denies.
 */
export class RuleIndex {
  readonly default: 'allow' | 'deny';
  /** Whether there is anything a name decides. */
  readonly hasNames: boolean;
  readonly #allowedNames = new AllowedNames();
  readonly #names = new Map<string, RuleBucket>();
  readonly #domains = new Map<string, RuleBucket>();
  /** The longest prefix first. */
  readonly #networks: readonly PrefixRules[];
  readonly #every = new RuleBucket();
  readonly #selectors: { readonly key: number; readonly selector: Selector }[] = [];
  readonly #matching = new WeakMap<Who, readonly (readonly number[])[]>();

  constructor({ default: standard, rules }: NetworkAccess) {
    this.default = standard;
    const known = new Map<string, number>();
    const networks = new Map<string, PrefixRules>();
    for (const [index, rule] of rules.entries()) {
      const { images = [], labels = [] } = rule;
      const text = JSON.stringify([images, labels]);
      const selector = known.get(text) ?? known.size;
      if (!known.has(text)) this.#selectors.push({ key: selector, selector: selectorOf(images, labels) });
      known.set(text, selector);
      const addresses = (rule.addresses ?? []).flatMap((address) => parseIpNetwork(address) ?? []);
      for (const to of [rule.to].flat()) {
        const destination = parseDestination(to);
        // Nor is a rule left out that would deny something.
        if (destination === undefined) throw new TypeError(`${to} is not a destination`);
        const compiled: CompiledRule = {
          action: rule.action,
          place: `bulkhead.networkAccess.rules[${index}]`,
          to,
          ports: destination.ports ?? portsOf(rule.ports),
          addresses,
        };
        this.#bucketOf(destination.hosts, networks).add(selector, compiled);
        if (destination.hosts.kind === 'name' || destination.hosts.kind === 'subdomains')
          this.#allowedNames.add(selector, compiled);
      }
    }
    this.#networks = [...networks.values()].sort((a, b) => b.prefix - a.prefix);
    this.hasNames = this.#names.size + this.#domains.size > 0;
  }

  /** The most specific rule about a name; none that is about `*` or addresses. */
  forName(who: Who, name: string, port: number): CompiledRule | undefined {
    return first(this.#bucketsOf(name), (bucket) => bucket.find(this.#selectorsOf(who), port));
  }

  /** Whether a rule allows some name at a port; `addressed`: one that names addresses for it. */
  allowsNames(who: Who, port: number, which: 'all' | 'addressed'): boolean {
    return this.hasNames && this.#allowedNames.at(this.#selectorsOf(who), port, which);
  }

  forAddress(who: Who, address: IpAddress, port: number): CompiledRule | undefined {
    return first(this.#networksOf(address), (bucket) => bucket.find(this.#selectorsOf(who), port));
  }

  forEvery(who: Who, port: number): CompiledRule | undefined {
    return this.#every.find(this.#selectorsOf(who), port);
  }

  /** Whether a name leads anywhere, by some port. */
  mayLead(who: Who, name: string): boolean {
    const selectors = this.#selectorsOf(who);
    const said = first(
      [...this.#bucketsOf(name), this.#every],
      (bucket) => bucket.allowsSome(selectors) || undefined,
    );
    return said === undefined ? this.default === 'allow' : said === true;
  }

  *#bucketsOf(name: string): Generator<RuleBucket> {
    const exact = this.#names.get(name);
    if (exact !== undefined) yield exact;
    for (const domain of domainsAbove(name)) {
      const below = this.#domains.get(domain);
      if (below !== undefined) yield below;
    }
  }

  *#networksOf(address: IpAddress): Generator<RuleBucket> {
    for (const { family, prefix, rules } of this.#networks) {
      const bucket = family === address.family ? rules.get(masked(address, prefix)) : undefined;
      if (bucket !== undefined) yield bucket;
    }
  }

  /** Which selectors are for a client is found once: there can be as many as rules. */
  #selectorsOf(who: Who): readonly (readonly number[])[] {
    const known = this.#matching.get(who);
    if (known !== undefined) return known;
    const fits = isFor(who);
    const matching = this.#selectors.filter(({ selector }) => fits(selector));
    const sorted = [3, 2, 1, 0].map((degree) =>
      matching.filter(({ selector }) => specificityOf(selector) === degree).map(({ key }) => key),
    );
    this.#matching.set(who, sorted);
    return sorted;
  }

  #bucketOf(hosts: DestinationHosts, networks: Map<string, PrefixRules>): RuleBucket {
    if (hosts.kind === 'every') return this.#every;
    if (hosts.kind === 'name') return bucketIn(this.#names, hosts.name);
    if (hosts.kind === 'subdomains') return bucketIn(this.#domains, hosts.domain);
    const { family, prefix, value }: IpNetwork = hosts.network;
    const same = networks.get(`${family}/${prefix}`) ?? {
      family,
      prefix,
      rules: new Map<bigint, RuleBucket>(),
    };
    networks.set(`${family}/${prefix}`, same);
    return bucketIn(same.rules, value);
  }
}

function portsOf(ports: string | number | undefined): PortList {
  if (typeof ports === 'number') return [[ports, ports]];
  return ports === undefined ? everyPort : (parsePortList(ports) ?? []);
}

function bucketIn<Key>(map: Map<Key, RuleBucket>, key: Key): RuleBucket {
  const bucket = map.get(key) ?? new RuleBucket();
  map.set(key, bucket);
  return bucket;
}

function first<Item, Found>(
  items: Iterable<Item>,
  find: (item: Item) => Found | undefined,
): Found | undefined {
  for (const item of items) {
    const found = find(item);
    if (found !== undefined) return found;
  }
  return undefined;
}
