import type { Who } from '../connect-access/index.js';

const again = 60_000;
/** Of one client. */
const most = 2048;

/** Which names a client has asked for within the last minute: a program asks for the same one with each connection, for both kinds of addresses, and once is enough to be told of it. */
export class ToldNames {
  readonly #now: () => number;
  /** By when they were told last, the oldest first. A client that is gone leaves nothing. */
  readonly #clients = new WeakMap<Who, Map<string, number>>();

  /** @param now milliseconds of a clock that is never put back. */
  constructor(now = () => performance.now()) {
    this.#now = now;
  }

  /** Whether it is to be told of now. Of what there is no room to remember it is told again. */
  isNew(who: Who, name: string): boolean {
    const names = this.#clients.get(who) ?? new Map<string, number>();
    this.#clients.set(who, names);
    const last = names.get(name);
    if (last !== undefined && this.#now() - last < again) return false;
    names.delete(name);
    names.set(name, this.#now());
    const [oldest] = names.keys();
    if (names.size > most && oldest !== undefined) names.delete(oldest);
    return true;
  }
}
