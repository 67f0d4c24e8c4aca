import type { Duplex } from 'node:stream';
import { messageOf } from '../../common/cause.js';
import type { Endpoint, ToRelay } from '../relay-wire.js';
import type { Decider, Held, Made, Refused, Served, Verdict } from './decider.js';
import type { GatewayEvent } from './gateway-event.js';
import type { GatewayWorld } from './gateway-world.js';
import { joinStreams } from './join-streams.js';

interface Peeked {
  readonly bytes: Buffer;
  readonly all: boolean;
}

/** What a connection needs of its gateway. */
export interface ConnectionEffects {
  readonly decider: Pick<Decider, 'decide'>;
  readonly world: Omit<GatewayWorld, 'most'>;
  readonly onEvent: (event: GatewayEvent) => void;
}

/** A connection of the relay's, from its beginning to its end. Threat: the relay gives its number to another one then; what is still decided on this one must not become of that. */
export class OpenConnection {
  readonly #id: number;
  readonly #ends: { readonly from: Endpoint; readonly to: Endpoint };
  readonly #effects: ConnectionEffects;
  readonly #gone = new AbortController();
  /** Where it may still be tried to connect to. */
  #left: readonly Endpoint[] = [];
  /** Nothing of the client's may go on yet. */
  #held = false;
  /** Its stream was begun so. */
  #begunHeld = false;
  /** Whoever has it tells what is decided on it. */
  #handed = false;
  /** It may be made, and nobody has been told yet what became of it. */
  #untold = false;
  #peeking: PromiseWithResolvers<Peeked> | undefined;

  constructor(
    id: number,
    { from, to }: { readonly from: Endpoint; readonly to: Endpoint },
    effects: ConnectionEffects,
  ) {
    this.#id = id;
    this.#ends = { from, to };
    this.#effects = effects;
  }

  /** Asks for a decision, and carries it out. */
  async decide(): Promise<void> {
    const verdict = await this.#ask();
    if (this.#isOver) {
      // Threat: who asks and leaves before the answer is not seen trying.
      if (verdict.kind === 'refuse' && verdict.error !== undefined) this.#tellRefused(verdict);
      return;
    }
    switch (verdict.kind) {
      case 'refuse':
        this.#refuse(verdict);
        break;
      case 'held':
        await this.#hold(verdict);
        break;
      case 'served':
        await this.#serve(verdict);
        break;
      case 'handed':
        this.#handed = true;
        verdict.take(this.#id);
        break;
      case 'permit':
      case 'through':
        this.#make(verdict);
    }
  }

  /** What the client has sent, which was asked for. */
  peeked(peeked: Peeked): void {
    this.#peeking?.resolve(peeked);
  }

  connected(): void {
    this.#untold = false;
    if (!this.#handed) this.#effects.onEvent({ kind: 'permitted', ...this.#ends });
    // By which of its two ways the relay heard first, that it is held or that it is released, nobody knows.
    if (this.#begunHeld && !this.#held) this.#send({ kind: 'release', id: this.#id });
  }

  failed(errno: number): void {
    this.#dialNext(errno);
  }

  /** The relay has it no longer. */
  end(): void {
    // Whoever wanted it has gone before there was an answer.
    if (this.#untold) this.#unreached(0);
    this.#gone.abort();
    this.#peeking?.reject(new Error('the connection has ended'));
  }

  get #isOver(): boolean {
    return this.#gone.signal.aborted;
  }

  async #ask(): Promise<Verdict> {
    const peek = (beyond: number): Promise<Peeked> => {
      this.#peeking = Promise.withResolvers<Peeked>();
      this.#send({ kind: 'peek', id: this.#id, beyond });
      return this.#peeking.promise;
    };
    try {
      return await this.#effects.decider.decide({ ...this.#ends, peek }, this.#gone.signal);
    } catch (error) {
      return undecided(error);
    }
  }

  #make(made: Made): void {
    this.#untold = true;
    const { dial, dialThrough } = this.#effects.world;
    if (made.kind === 'through') {
      void this.#joinDialled((signal) => dialThrough(made, signal));
      return;
    }
    if (dial !== undefined) {
      void this.#joinDialled((signal) => dial(made.dial, signal));
      return;
    }
    this.#left = made.dial;
    this.#dialNext(0);
  }

  /** Threat: what the client says while its server is dialled is looked at after it has gone there. So the relay keeps it until it has been. */
  async #hold({ now, rest }: Held): Promise<void> {
    this.#held = true;
    this.#make(now);
    const later = await rest().catch((error: unknown) => undecided(error));
    if (this.#isOver) return;
    if (later.kind === 'refuse') {
      this.#refuse(later);
      return;
    }
    this.#held = false;
    this.#send({ kind: 'release', id: this.#id });
  }

  async #serve({ serve }: Served): Promise<void> {
    try {
      serve(await this.#effects.world.stream(this.#id, false), this.#gone.signal);
    } catch {
      // The relay is gone, and the connection with it.
    }
  }

  /** The bytes go through this process: what is said to a proxy the relay does not know, and from a VM it does not reach the world. */
  async #joinDialled(dial: (signal: AbortSignal) => Promise<Duplex>): Promise<void> {
    const { signal } = this.#gone;
    let upstream: Duplex | undefined;
    try {
      upstream = await dial(signal);
      signal.throwIfAborted();
      this.#begunHeld = this.#held;
      joinStreams(await this.#effects.world.stream(this.#id, this.#held), upstream, () => {
        if (!this.#isOver) this.#reset();
      });
    } catch (error) {
      upstream?.destroy();
      if (this.#isOver) return;
      this.#unreached(0, messageOf(error));
      this.#reset();
    }
  }

  #dialNext(errno: number): void {
    const [next, ...left] = this.#left;
    this.#left = left;
    if (next !== undefined) {
      this.#send({ kind: 'dial', id: this.#id, to: next, hold: this.#held });
      return;
    }
    this.#unreached(errno);
    this.#reset();
  }

  #refuse(refused: Refused): void {
    this.#tellRefused(refused);
    this.#reset();
  }

  #reset(): void {
    this.#send({ kind: 'reset', id: this.#id });
  }

  #send(message: ToRelay): void {
    this.#effects.world.send(message);
  }

  #tellRefused({ reason, error }: Refused): void {
    this.#untold = false;
    this.#effects.onEvent({
      kind: 'refused',
      ...this.#ends,
      reason,
      ...(error === undefined ? {} : { error }),
    });
  }

  #unreached(errno: number, reason?: string): void {
    this.#untold = false;
    this.#effects.onEvent({
      kind: 'unreached',
      ...this.#ends,
      errno,
      ...(reason === undefined ? {} : { reason }),
    });
  }
}

function undecided(error: unknown): Refused {
  return { kind: 'refuse', reason: `no decision was made: ${messageOf(error)}` };
}
