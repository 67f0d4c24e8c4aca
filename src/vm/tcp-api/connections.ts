import type { Socket } from 'node:net';
import type { Clock } from '../../common/clock.js';
import { BulkheadError } from '../../common/errors/bulkhead-error.js';
import { systemClock } from '../../common/system-clock.js';

/** `headMs`: from the connection to the end of its head, however much of it has come. */
export interface ConnectionLimits {
  readonly most: number;
  readonly mostHeadless: number;
  readonly headMs: number;
}

const limits: ConnectionLimits = { most: 256, mostHeadless: 64, headMs: 10_000 };

/**
 * The connections to port 2375, of both its addresses together. Threat: every user of the machine can connect, and each connection is two descriptors
 * of the process through which everything goes that is said to the engine. Those that have asked for something stay as long as they like (`attach` and
 * `logs -f` may be silent for days); those that have not are few, and soon gone.
 */
export class Connections {
  readonly #limits: ConnectionLimits;
  readonly #clock: Clock;
  readonly #open = new Set<Socket>();
  /** The oldest first, with what ends its deadline. */
  readonly #headless = new Map<Socket, AbortController>();

  constructor(of = limits, clock: Clock = systemClock) {
    this.#limits = of;
    this.#clock = clock;
  }

  /**
   * Gives a new connection a place until it closes, and closes the one that has longest been without a whole head where there are too many of those.
   *
   * Throws `BH_TCP_FULL`.
   */
  add(client: Socket): void {
    const { most, mostHeadless, headMs } = this.#limits;
    if (this.#open.size >= most) throw new BulkheadError('BH_TCP_FULL', { limit: most });
    const [oldest] = this.#headless.keys();
    if (this.#headless.size >= mostHeadless && oldest !== undefined) {
      this.hasAsked(oldest);
      oldest.destroy();
    }
    const deadline = new AbortController();
    this.#open.add(client);
    this.#headless.set(client, deadline);
    client.once('close', () => {
      this.#open.delete(client);
      this.hasAsked(client);
    });
    // Nothing is said to it: a client that has asked for nothing, such as one that connects ahead, would take an answer for that to its first request.
    void this.#clock.sleep(headMs, deadline.signal).then(
      () => client.destroy(),
      () => undefined,
    );
  }

  /** Its head is whole, and it is served. One that is refused instead is to be gone by the same deadline. */
  hasAsked(client: Socket): void {
    this.#headless.get(client)?.abort();
    this.#headless.delete(client);
  }

  end(): void {
    for (const client of this.#open) client.destroy();
  }
}
