import type { Duplex } from 'node:stream';
import { messageOf } from '../../common/cause.js';
import type { BulkheadError } from '../../common/errors/bulkhead-error.js';
import type { Endpoint, FromRelay, ToRelay } from '../relay-wire.js';
import type { Decider, Handed, Held, Made, Refused, Served, Through, Verdict } from './decider.js';
import { joinStreams } from './join-streams.js';

/** What became of a connection, or of a question; for the log of decisions. */
export type GatewayEvent =
  | { readonly kind: 'permitted'; readonly from: Endpoint; readonly to: Endpoint }
  | {
      readonly kind: 'refused';
      readonly from: Endpoint;
      readonly to: Endpoint;
      readonly reason: string;
      readonly error?: BulkheadError;
    }
  | {
      readonly kind: 'unreached';
      readonly from: Endpoint;
      readonly to: Endpoint;
      readonly errno: number;
      /** Where it was to go by a proxy. */
      readonly reason?: string;
    }
  | { readonly kind: 'overflow'; readonly count: number };

interface Open {
  readonly from: Endpoint;
  readonly to: Endpoint;
  readonly gone: AbortController;
  /** Where it may still be tried to connect to. */
  left: readonly Endpoint[];
  /** Nothing of the client's may go on yet. */
  held: boolean;
  /** Its stream was begun so. */
  begunHeld: boolean;
  /** Whoever has it tells what is decided on it. */
  handed: boolean;
  /** It may be made, and nobody has been told yet what became of it. */
  untold: boolean;
  peeking:
    | {
        readonly resolve: (peeked: { readonly bytes: Buffer; readonly all: boolean }) => void;
        readonly reject: (reason: Error) => void;
      }
    | undefined;
}

/** As many questions as a relay has at once (`src/egress/relay/names.c`). */
const mostQuestions = 4096;

/** What a gateway does with the world. */
export interface GatewayWorld {
  /** Connections there may be at once. Threat: a relay in a VM that was taken over opens them without end, and each costs this machine memory and descriptors. */
  readonly most: number;
  /** To the relay. */
  readonly send: (message: ToRelay) => void;
  /** A stream that becomes the other side of a connection of the relay's. */
  readonly stream: (id: number, hold: boolean) => Promise<Duplex>;
  readonly dialThrough: (through: Through, signal: AbortSignal) => Promise<Duplex>;
  /** Dials one of these. Absent where the relay does, which is where the world is; one in a VM has no world of its own. */
  readonly dial?: (places: readonly Endpoint[], signal: AbortSignal) => Promise<Duplex>;
}

/**
 * Carries out what the decider says of what the relay tells. One for each connection with a relay: what it knows ends with that. Between a connection's beginning
 * and its end it holds its two addresses and nothing else.
 */
export class Gateway {
  readonly #open = new Map<number, Open>();
  readonly #decider: Decider;
  readonly #world: GatewayWorld;
  readonly #onEvent: (event: GatewayEvent) => void;
  #questions = 0;
  readonly #ended = new AbortController();

  constructor(decider: Decider, world: GatewayWorld, onEvent: (event: GatewayEvent) => void) {
    this.#decider = decider;
    this.#world = world;
    this.#onEvent = onEvent;
  }

  get connections(): number {
    return this.#open.size;
  }

  take(message: FromRelay): void {
    switch (message.kind) {
      case 'open':
        // No relay that is in order has one of that number already.
        if (this.#open.size >= this.#world.most || this.#open.has(message.id))
          this.#send({ kind: 'reset', id: message.id });
        else void this.#decide(message);
        break;
      case 'query':
        if (this.#questions < mostQuestions) void this.#answer(message);
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
    // Whoever wanted it has gone before there was an answer.
    if (open.untold) this.#unreached(open, 0);
    open.gone.abort();
    open.peeking?.reject(new Error('the connection has ended'));
  }

  async #decide({ id, from, to }: FromRelay & { readonly kind: 'open' }): Promise<void> {
    const open: Open = {
      from,
      to,
      gone: new AbortController(),
      left: [],
      held: false,
      begunHeld: false,
      handed: false,
      untold: false,
      peeking: undefined,
    };
    this.#open.set(id, open);
    const verdict = await this.#ask(id, open);
    if (!this.#open.has(id)) {
      // Threat: who asks and leaves before the answer is not seen trying.
      if (verdict.kind === 'refuse' && verdict.error !== undefined) this.#tellRefused(open, verdict);
      return;
    }
    if (verdict.kind === 'refuse') this.#refuse(id, open, verdict);
    else if (verdict.kind === 'held') await this.#hold(id, open, verdict);
    else if (verdict.kind === 'served') await this.#serve(id, open, verdict);
    else if (verdict.kind === 'handed') hand(id, open, verdict);
    else this.#make(id, open, verdict);
  }

  #make(id: number, open: Open, made: Made): void {
    open.untold = true;
    const { dial, dialThrough } = this.#world;
    if (made.kind === 'through') {
      void this.#joinDialled(id, open, (signal) => dialThrough(made, signal));
      return;
    }
    if (dial !== undefined) {
      void this.#joinDialled(id, open, (signal) => dial(made.dial, signal));
      return;
    }
    open.left = made.dial;
    this.#dialNext(id, open, 0);
  }

  /** Threat: what the client says while its server is dialled is looked at after it has gone there. So the relay keeps it until it has been. */
  async #hold(id: number, open: Open, { now, rest }: Held): Promise<void> {
    open.held = true;
    this.#make(id, open, now);
    const later = await rest().catch((error: unknown) => undecided(error));
    if (!this.#open.has(id)) return;
    if (later.kind === 'refuse') {
      this.#refuse(id, open, later);
      return;
    }
    open.held = false;
    this.#send({ kind: 'release', id });
  }

  async #serve(id: number, { gone }: Open, { serve }: Served): Promise<void> {
    try {
      serve(await this.#world.stream(id, false), gone.signal);
    } catch {
      // The relay is gone, and the connection with it.
    }
  }

  /** The bytes go through this process: what is said to a proxy the relay does not know, and from a VM it does not reach the world. */
  async #joinDialled(id: number, open: Open, dial: (signal: AbortSignal) => Promise<Duplex>): Promise<void> {
    const { gone } = open;
    let upstream: Duplex | undefined;
    try {
      upstream = await dial(gone.signal);
      gone.signal.throwIfAborted();
      open.begunHeld = open.held;
      joinStreams(await this.#world.stream(id, open.held), upstream, () => {
        if (this.#open.has(id)) this.#send({ kind: 'reset', id });
      });
    } catch (error) {
      upstream?.destroy();
      if (!this.#open.has(id)) return;
      this.#unreached(open, 0, messageOf(error));
      this.#send({ kind: 'reset', id });
    }
  }

  #send(message: ToRelay): void {
    this.#world.send(message);
  }

  #refuse(id: number, open: Open, refused: Refused): void {
    this.#tellRefused(open, refused);
    this.#send({ kind: 'reset', id });
  }

  #tellRefused(open: Open, { reason, error }: Refused): void {
    const { from, to } = open;
    open.untold = false;
    this.#onEvent({ kind: 'refused', from, to, reason, ...(error === undefined ? {} : { error }) });
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
      return undecided(error);
    }
  }

  #dialNext(id: number, open: Open, errno: number): void {
    const [next, ...left] = open.left;
    open.left = left;
    if (next !== undefined) {
      this.#send({ kind: 'dial', id, to: next, hold: open.held });
      return;
    }
    this.#unreached(open, errno);
    this.#send({ kind: 'reset', id });
  }

  #unreached(open: Open, errno: number, reason?: string): void {
    const { from, to } = open;
    open.untold = false;
    this.#onEvent({ kind: 'unreached', from, to, errno, ...(reason === undefined ? {} : { reason }) });
  }

  #connected(id: number): void {
    const open = this.#open.get(id);
    if (open === undefined) return;
    open.untold = false;
    if (!open.handed) this.#onEvent({ kind: 'permitted', from: open.from, to: open.to });
    // By which of its two ways the relay heard first, that it is held or that it is released, nobody knows.
    if (open.begunHeld && !open.held) this.#send({ kind: 'release', id });
  }

  #failed(id: number, errno: number): void {
    const open = this.#open.get(id);
    if (open !== undefined) this.#dialNext(id, open, errno);
  }

  async #answer({ id, from, asked, bytes }: FromRelay & { readonly kind: 'query' }): Promise<void> {
    this.#questions += 1;
    try {
      const wanted = { from, asked, question: bytes };
      const answer = await this.#decider.answer(wanted, this.#ended.signal);
      if (answer !== undefined) this.#send({ kind: 'answer', id, bytes: answer });
    } catch {
      // Whoever asked asks again, and is told by their resolver that nobody answers.
    } finally {
      this.#questions -= 1;
    }
  }
}

function hand(id: number, open: Open, { take }: Handed): void {
  open.handed = true;
  take(id);
}

function undecided(error: unknown): Refused {
  return { kind: 'refuse', reason: `no decision was made: ${messageOf(error)}` };
}
