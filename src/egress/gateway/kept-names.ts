import { type IpAddress, ipAddressText } from '../../common/ip-address.js';
import type { Resolved } from '../connect-decider/index.js';

/** How many names are kept, and for how long at most, milliseconds: who moves a service is followed in time. */
const limits = { names: 4096, age: 60_000 } as const;

interface Kept {
  readonly found: Promise<Resolved>;
  /** Until when it is good; undefined while nobody has answered. */
  until?: number;
}

/**
 * What the gateway found a name to be, kept for as long as its name server says: the next connection to it does not wait for an answer. Of questions at the same time
 * only the first is asked. A name without addresses is not kept, and a failure is nobody's answer.
 */
export class KeptNames {
  readonly #resolve: (name: string) => Promise<Resolved>;
  readonly #now: () => number;
  readonly #kept = new Map<string, Kept>();

  /** @param resolve ends by itself: whoever asked first may be gone. @param now milliseconds of a clock that is never put back. */
  constructor(resolve: (name: string) => Promise<Resolved>, now: () => number) {
    this.#resolve = resolve;
    this.#now = now;
  }

  /** @param wanted an answer that is kept and does not have this address is asked for anew: servers with many addresses tell each who asks some of them. */
  async resolve(name: string, wanted?: IpAddress): Promise<Resolved> {
    const kept = this.#kept.get(name);
    if (kept?.until === undefined) return (kept ?? this.#ask(name)).found;
    const found = await kept.found;
    const isEnough =
      wanted === undefined || found.addresses.some((each) => ipAddressText(each) === ipAddressText(wanted));
    return isEnough && this.#now() < kept.until ? found : this.#ask(name).found;
  }

  #ask(name: string): Kept {
    const asked: Kept = { found: this.#resolve(name) };
    this.#kept.delete(name);
    this.#kept.set(name, asked);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > limits.names && oldest !== undefined) this.#kept.delete(oldest);
    const forget = (): void => {
      if (this.#kept.get(name) === asked) this.#kept.delete(name);
    };
    asked.found.then(({ addresses, ttl }) => {
      if (addresses.length === 0) forget();
      else asked.until = this.#now() + Math.min(ttl * 1000, limits.age);
    }, forget);
    return asked;
  }
}
