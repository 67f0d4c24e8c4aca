import type { Endpoint } from '../relay-wire.js';

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

export type Verdict =
  | {
      readonly kind: 'permit';
      /** Tried one after the other. What the client asked for is never among them unless the decider puts it there. */
      readonly dial: readonly Endpoint[];
    }
  | { readonly kind: 'refuse'; readonly reason: string };

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
