import { type IpAddress, ipAddressText } from '../../common/ip-address.js';

/** How much is remembered of one client and of all, and for how long, milliseconds. A name whose address has gone to somebody else does no harm: the gateway dials what it resolves itself. */
const limits = { ofOne: 2048, ofAll: 65_536, least: 600_000, most: 24 * 3600 * 1000 } as const;

interface Client {
  /** By address and name, the oldest first. */
  readonly pairs: Map<string, number>;
  /** Names of an address. */
  readonly names: Map<string, Set<string>>;
}

/** Which names were resolved to an address, for whom: by it rules about names hold for bare addresses as well. A client sees what it resolved itself alone. */
export class NameMemory {
  readonly #clients = new Map<string, Client>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /**
   * @param client stays the same for one container, and is no other's.
   * @param name the one that was asked for, canonical; aliases lead from it to the addresses, and are nobody's business.
   * @param ttl seconds.
   * @param now milliseconds of a clock that is never put back.
   */
  remember(client: string, name: string, addresses: readonly IpAddress[], ttl: number, now: number): void {
    const known = this.#clients.get(client) ?? {
      pairs: new Map<string, number>(),
      names: new Map<string, Set<string>>(),
    };
    this.#clients.set(client, known);
    const until = now + Math.min(Math.max(ttl * 1000, limits.least), limits.most);
    for (const address of addresses) this.#add(known, ipAddressText(address), name, until);
    while (known.pairs.size > limits.ofOne) this.#forgetOldest(known);
    // Threat: one that resolves names without end. It is the one with most that loses.
    while (this.#size > limits.ofAll) this.#forgetOldest(this.#largest());
  }

  /** The last that was resolved first. What is asked for is in use, and stays. */
  namesOf(client: string, address: IpAddress, now: number): string[] {
    const known = this.#clients.get(client);
    const text = ipAddressText(address);
    const found: string[] = [];
    for (const name of known?.names.get(text) ?? []) {
      const until = known?.pairs.get(`${text} ${name}`) ?? 0;
      if (known === undefined || until <= now) continue;
      found.unshift(name);
      known.pairs.set(`${text} ${name}`, Math.max(until, now + limits.least));
    }
    return found;
  }

  /** A container that is gone leaves nothing to whoever has its address next. */
  forget(client: string): void {
    this.#size -= this.#clients.get(client)?.pairs.size ?? 0;
    this.#clients.delete(client);
  }

  #add({ pairs, names }: Client, address: string, name: string, until: number): void {
    const key = `${address} ${name}`;
    if (!pairs.delete(key)) this.#size += 1;
    pairs.set(key, until);
    const ofAddress = names.get(address) ?? new Set<string>();
    names.set(address, ofAddress);
    ofAddress.delete(name);
    ofAddress.add(name);
  }

  #forgetOldest({ pairs, names }: Client): void {
    const [key] = pairs.keys();
    if (key === undefined) return;
    pairs.delete(key);
    this.#size -= 1;
    const [address = '', name = ''] = key.split(' ');
    const ofAddress = names.get(address);
    ofAddress?.delete(name);
    if (ofAddress?.size === 0) names.delete(address);
  }

  #largest(): Client {
    let largest: Client = { pairs: new Map(), names: new Map() };
    for (const client of this.#clients.values()) if (client.pairs.size > largest.pairs.size) largest = client;
    return largest;
  }
}
