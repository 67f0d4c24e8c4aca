import type { EgressClient } from '../../common/egress-clients.js';
import { canonicalAddress } from '../../common/ip-address.js';
import { link } from '../addresses.js';
import type { Who } from '../connect-access/index.js';

interface Known {
  readonly who: Who;
  readonly addresses: readonly string[];
  /** What is known of it, to see whether that changes. */
  readonly facts: string;
}

/** Characters. Threat: a VM that was taken over names clients without end. Whoever there is no room for is nobody. */
const mostText = 32 << 20;
/** Of one address: what it is kept by is longer than it. */
const addressText = 200;

function sizeOf({ facts, addresses }: Known): number {
  return addressText * (1 + addresses.length) + facts.length;
}

const engine: Who = { kind: 'engine' };
const builds: Who = { kind: 'build' };

/** A container that has just started may be heard of before its engine has said whose its address is; milliseconds. */
const patience = 3000;

/** Who has which address in the engine's networks, as bulkheadd says. The engine's own are fixed; every other is nobody's until it is said. */
export class Clients {
  readonly #byAddress = new Map<string, Who>(link.engine.map((address) => [address, engine]));
  readonly #known = new Map<string, Known>();
  readonly #onGone: (who: Who) => void;
  #size = 0;
  #changed = Promise.withResolvers<void>();

  /** @param onGone told of each container that is not there any more. */
  constructor(onGone: (who: Who) => void) {
    this.#onGone = onGone;
  }

  take(said: EgressClient): void {
    switch (said.kind) {
      case 'container': {
        const { id, name, image, labels, addresses } = said;
        const facts = JSON.stringify([name, image, labels]);
        const before = this.#known.get(id);
        // The same one for as long as it lives: what is found out about it hangs on that.
        const who: Who =
          before?.facts === facts ? before.who : { kind: 'container', id, name, image, labels };
        this.#put(id, { who, facts, addresses });
        break;
      }
      case 'builds':
        this.#put('builds', { who: builds, facts: '', addresses: said.addresses });
        break;
      case 'gone':
        this.#drop(said.id);
        break;
      case 'nobody':
        for (const id of this.#known.keys()) this.#drop(id);
        break;
    }
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  /** Undefined: nobody's, as far as is known. */
  whoIs(address: string): Who | undefined {
    return this.#byAddress.get(plain(address));
  }

  /** Waits, a short time, until somebody is known to have an address. */
  async known(address: string, signal: AbortSignal): Promise<void> {
    if (this.whoIs(address) !== undefined) return;
    const over = AbortSignal.any([signal, AbortSignal.timeout(patience)]);
    const late = new Promise<void>((resolve) => over.addEventListener('abort', () => resolve()));
    while (!over.aborted && this.whoIs(address) === undefined)
      await Promise.race([this.#changed.promise, late]);
  }

  #put(id: string, known: Known): void {
    const before = this.#release(id);
    if (this.#size + sizeOf(known) > mostText) {
      this.#known.delete(id);
      if (before?.who.kind === 'container') this.#onGone(before.who);
      return;
    }
    this.#size += sizeOf(known);
    this.#known.set(id, known);
    for (const address of known.addresses) this.#byAddress.set(plain(address), known.who);
  }

  #drop(id: string): void {
    const known = this.#release(id);
    this.#known.delete(id);
    if (known?.who.kind === 'container') this.#onGone(known.who);
  }

  /** What somebody else has been given since is theirs. */
  #release(id: string): Known | undefined {
    const known = this.#known.get(id);
    this.#size -= known === undefined ? 0 : sizeOf(known);
    for (const address of known?.addresses ?? [])
      if (this.#byAddress.get(plain(address)) === known?.who) this.#byAddress.delete(plain(address));
    return known;
  }
}

/** An address can be written in several ways. */
function plain(text: string): string {
  return canonicalAddress(text) ?? text;
}
