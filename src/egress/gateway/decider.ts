import type { Duplex } from 'node:stream';
import type { BulkheadError } from '../../common/errors/bulkhead-error.js';
import type { Endpoint } from '../relay-wire.js';
import type { DialTarget, Hop } from '../upstream-proxy/index.js';

/** A connection somebody wants, and who: the source address is one that is known to be theirs (`network/firewall.c`). */
export interface WantedConnection {
  readonly from: Endpoint;
  /** As it was asked for: what the kernel of the container knows. */
  readonly to: Endpoint;
  /**
   * What the client sends first, as soon as it is more than so many bytes; `all` says that no more than this will ever be shown. Rejects when the
   * connection ends before.
   */
  readonly peek: (beyond: number) => Promise<{ readonly bytes: Buffer; readonly all: boolean }>;
}

export interface Permitted {
  readonly kind: 'permit';
  /** Tried one after the other. What the client asked for is never among them unless the decider puts it there. */
  readonly dial: readonly Endpoint[];
}

/** By way of proxies, not directly. */
export interface Through {
  readonly kind: 'through';
  /** Tried one after the other; of a direct one `dial` has the addresses. */
  readonly hops: readonly [Hop, ...Hop[]];
  readonly ask: DialTarget;
  readonly dial: readonly Endpoint[];
}

export type Made = Permitted | Through;

export interface Refused {
  readonly kind: 'refuse';
  readonly reason: string;
  /** With rule, setting and contact; absent where no rule decided. */
  readonly error?: BulkheadError;
}

/** What is dialled, and held: what the server says is handed on, and nothing of the client's before `rest` says the same. */
export interface Held {
  readonly kind: 'held';
  readonly now: Made;
  readonly rest: () => Promise<Made | Refused>;
}

/** The gateway itself is what is connected to. */
export interface Served {
  readonly kind: 'served';
  /** Owns the stream, which is the other side of the connection. */
  readonly serve: (stream: Duplex, signal: AbortSignal) => void;
}

/** Somebody else has it, who connects to the relay for it (`openStream`): what is said on it is decided there. */
export interface Handed {
  readonly kind: 'handed';
  /** @param id of the relay's. Of one that has ended meanwhile the relay takes nobody. */
  readonly take: (id: number) => void;
}

export type Verdict = Made | Refused | Held | Served | Handed;

/** A question for names, as it came. */
export interface WantedName {
  readonly from: Endpoint;
  readonly asked: string;
  readonly question: Buffer;
}

/** Says what may get out. What it throws is a refusal. */
export interface Decider {
  decide(wanted: WantedConnection, signal: AbortSignal): Verdict | Promise<Verdict>;
  /** The answer, as it goes back; undefined: there is none. */
  answer(wanted: WantedName, signal: AbortSignal): Promise<Buffer | undefined>;
}
