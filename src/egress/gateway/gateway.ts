import { messageOf } from '../../common/cause.js';
import type { Endpoint, FromRelay, ToRelay } from '../relay-wire.js';
import type { Decider, Verdict } from './decider.js';

/** What became of a connection, or of a question; for the log of decisions. */
export type GatewayEvent =
  | { readonly kind: 'permitted'; readonly from: Endpoint; readonly to: Endpoint }
  | { readonly kind: 'refused'; readonly from: Endpoint; readonly to: Endpoint; readonly reason: string }
  | { readonly kind: 'unreached'; readonly from: Endpoint; readonly to: Endpoint; readonly errno: number }
  | { readonly kind: 'overflow'; readonly count: number };

interface Open {
  readonly from: Endpoint;
  readonly to: Endpoint;
  readonly gone: AbortController;
  /** Where it may still be tried to connect to. */
  left: readonly Endpoint[];
  peeking:
    | {
        readonly resolve: (peeked: { readonly bytes: Buffer; readonly all: boolean }) => void;
        readonly reject: (reason: Error) => void;
      }
    | undefined;
}

/**
 * Carries out what the decider says of what the relay tells. One for each connection with a relay: what it knows ends with that. Between a connection's beginning
 * and its end it holds its two addresses and nothing else.
 */
export class Gateway {
  readonly #open = new Map<number, Open>();
  readonly #decider: Decider;
  readonly #send: (message: ToRelay) => void;
  readonly #onEvent: (event: GatewayEvent) => void;
  readonly #ended = new AbortController();

  constructor(decider: Decider, send: (message: ToRelay) => void, onEvent: (event: GatewayEvent) => void) {
    this.#decider = decider;
    this.#send = send;
    this.#onEvent = onEvent;
  }

  get connections(): number {
    return this.#open.size;
  }

  take(message: FromRelay): void {
    switch (message.kind) {
      case 'open':
        void this.#decide(message);
        break;
      case 'query':
        void this.#answer(message);
        break;
      case 'peeked': {
        const { peeking } = this.#open.get(message.id) ?? {};
        peeking?.resolve(message);
        break;
      }
      case 'connected':
        this.#connected(message.id);
        break;
      case 'failed':
        this.#failed(message.id, message.errno);
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

  #forget(id: number): void {
    const open = this.#open.get(id);
    if (open === undefined) return;
    this.#open.delete(id);
    open.gone.abort();
    open.peeking?.reject(new Error('the connection has ended'));
  }

  async #decide({ id, from, to }: FromRelay & { readonly kind: 'open' }): Promise<void> {
    const open: Open = { from, to, gone: new AbortController(), left: [], peeking: undefined };
    this.#open.set(id, open);
    const verdict = await this.#ask(id, open);
    if (!this.#open.has(id)) return;
    if (verdict.kind === 'refuse') {
      this.#onEvent({ kind: 'refused', from, to, reason: verdict.reason });
      this.#send({ kind: 'reset', id });
      return;
    }
    open.left = verdict.dial;
    this.#dialNext(id, open, 0);
  }

  async #ask(id: number, open: Open): Promise<Verdict> {
    const peek = (beyond: number): Promise<{ readonly bytes: Buffer; readonly all: boolean }> =>
      new Promise((resolve, reject) => {
        open.peeking = { resolve, reject };
        this.#send({ kind: 'peek', id, beyond });
      });
    try {
      return await this.#decider.decide({ from: open.from, to: open.to, peek }, open.gone.signal);
    } catch (error) {
      return { kind: 'refuse', reason: `no decision was made: ${messageOf(error)}` };
    }
  }

  #dialNext(id: number, open: Open, errno: number): void {
    const [next, ...left] = open.left;
    open.left = left;
    if (next !== undefined) {
      this.#send({ kind: 'dial', id, to: next, hold: false });
      return;
    }
    this.#onEvent({ kind: 'unreached', from: open.from, to: open.to, errno });
    this.#send({ kind: 'reset', id });
  }

  #connected(id: number): void {
    const open = this.#open.get(id);
    if (open !== undefined) this.#onEvent({ kind: 'permitted', from: open.from, to: open.to });
  }

  #failed(id: number, errno: number): void {
    const open = this.#open.get(id);
    if (open !== undefined) this.#dialNext(id, open, errno);
  }

  async #answer({ id, from, asked, bytes }: FromRelay & { readonly kind: 'query' }): Promise<void> {
    try {
      const wanted = { from, asked, question: bytes };
      const answer = await this.#decider.answer(wanted, this.#ended.signal);
      if (answer !== undefined) this.#send({ kind: 'answer', id, bytes: answer });
    } catch {
      // Whoever asked asks again, and is told by their resolver that nobody answers.
    }
  }
}
