import type { FromRelay } from '../relay-wire.js';
import type { Decider } from './decider.js';
import type { GatewayEvent } from './gateway-event.js';
import type { GatewayWorld } from './gateway-world.js';
import { type ConnectionEffects, OpenConnection } from './open-connection.js';

/** As many questions as a relay has at once (`src/egress/relay/names.c`). */
const mostQuestions = 4096;

/**
 * Carries out what the decider says of what the relay tells. One for each connection with a relay: what it knows ends with that. Between a connection's beginning
 * and its end it holds its two addresses and nothing else.
 */
export class Gateway {
  readonly #open = new Map<number, OpenConnection>();
  readonly #decider: Decider;
  readonly #world: GatewayWorld;
  readonly #onEvent: (event: GatewayEvent) => void;
  readonly #effects: ConnectionEffects;
  #questions = 0;
  readonly #ended = new AbortController();

  constructor(decider: Decider, world: GatewayWorld, onEvent: (event: GatewayEvent) => void) {
    this.#decider = decider;
    this.#world = world;
    this.#onEvent = onEvent;
    this.#effects = { decider, world, onEvent };
  }

  get connections(): number {
    return this.#open.size;
  }

  take(message: FromRelay): void {
    switch (message.kind) {
      case 'open':
        this.#begin(message);
        break;
      case 'query':
        if (this.#questions < mostQuestions) void this.#answer(message);
        break;
      case 'peeked':
        this.#open.get(message.id)?.peeked(message);
        break;
      case 'connected':
        this.#open.get(message.id)?.connected();
        break;
      case 'failed':
        this.#open.get(message.id)?.failed(message.errno);
        break;
      case 'closed':
        this.#forget(message.id);
        break;
      case 'refused':
        this.#onEvent({ kind: 'overflow', count: message.count });
        break;
      case 'hello':
      case 'ping':
        break;
    }
  }

  /** The relay is gone: nothing that is still decided concerns anybody. */
  end(): void {
    this.#ended.abort();
    for (const id of this.#open.keys()) this.#forget(id);
  }

  #begin({ id, from, to }: FromRelay & { readonly kind: 'open' }): void {
    // No relay that is in order has one of that number already.
    if (this.#open.size >= this.#world.most || this.#open.has(id)) {
      this.#world.send({ kind: 'reset', id });
      return;
    }
    const connection = new OpenConnection(id, { from, to }, this.#effects);
    this.#open.set(id, connection);
    void connection.decide();
  }

  #forget(id: number): void {
    const connection = this.#open.get(id);
    this.#open.delete(id);
    connection?.end();
  }

  async #answer({ id, from, asked, bytes }: FromRelay & { readonly kind: 'query' }): Promise<void> {
    this.#questions += 1;
    try {
      const wanted = { from, asked, question: bytes };
      const answer = await this.#decider.answer(wanted, this.#ended.signal);
      if (answer !== undefined) this.#world.send({ kind: 'answer', id, bytes: answer });
    } catch {
      // Whoever asked asks again, and is told by their resolver that nobody answers.
    } finally {
      this.#questions -= 1;
    }
  }
}
