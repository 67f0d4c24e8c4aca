import type { Duplex } from 'node:stream';
import type { AuditQuery } from '../common/audit-event.js';

/** Which journal lines to read. Without `service`, those of every service. */
export interface LogQuery {
  readonly service?: string;
  /** Go on with new lines as they come, until aborted. */
  readonly follow?: boolean;
}

/** Why a session ended. `closed` is the only one that nothing went wrong in. */
export type ChannelEnd =
  | { readonly reason: 'closed' }
  | { readonly reason: 'peer-closed' }
  | { readonly reason: 'unresponsive'; readonly error: Error }
  | { readonly reason: 'failed'; readonly error: Error };

/** The host's end of one session. */
export interface Channel {
  /**
   * Opens one connection to the engine. `end()` is half-close, `destroy()` abort; an abort by the other side,
   * or the end of the session, is `error` and never `end`; nobody is forced to listen to it. Rejects with BH_CHANNEL_CLOSED when the session ended,
   * with the signal's reason when aborted. The signal governs the opening only.
   */
  openEngine(signal?: AbortSignal): Promise<Duplex>;
  /** The health document of the guest, unchecked: the caller parses it. */
  status(signal?: AbortSignal): Promise<unknown>;
  /** Asks for what isolation makes of a container; question and answer are JSON values (`src/common/explanation.ts`), the answer unchecked. */
  explain(question: unknown, signal?: AbortSignal): Promise<unknown>;
  /** Question and answers of signing in are JSON values (`src/common/sign-in.ts`), the answers unchecked. */
  signIn(question: unknown, signal?: AbortSignal): Promise<unknown>;
  signOut(signal?: AbortSignal): Promise<unknown>;
  /** Has a directory of the host come to containers, or go: `src/common/share-change.ts`, the answer unchecked. */
  changeShares(change: unknown, signal?: AbortSignal): Promise<unknown>;
  /** JSON lines without their line feeds. Leaving the loop, or the signal, ends the request. */
  logs(query: LogQuery, signal?: AbortSignal): AsyncIterable<string>;
  /** Lines of the audit log (`src/common/audit-event.ts`), unchecked, in the same way. */
  audit(query: AuditQuery, signal?: AbortSignal): AsyncIterable<string>;
  /** Has the guest give free space of its data disk back to the host; resolves when it has, with its answer, unchecked. */
  trim(signal?: AbortSignal): Promise<unknown>;
  /**
   * Opens the stream by which the guest asks the host for ports: JSON lines, of which `src/common/ports.ts` says all there are. The host answers on
   * it. Otherwise as `openEngine`. By this stream and the next, and by nothing else, a guest asks the host for anything.
   */
  openPorts(signal?: AbortSignal): Promise<Duplex>;
  /** Opens the stream by which the guest asks the host's ssh agent: messages of `src/common/ssh-agent`, each behind a number that its answer has as well. Likewise. */
  openAgent(signal?: AbortSignal): Promise<Duplex>;
  /** Opens the stream by which the guest says who has which address in its engine: JSON lines of `src/common/egress-clients.ts`, all there is at first and then each change; and hears what the gateway decided (`audit-event.ts`) and saw pulled (`pulled-image.ts`). Likewise. */
  openEgress(signal?: AbortSignal): Promise<Duplex>;
  /**
   * Opens a connection to the relay of the guest's way out (`src/egress/relay`): what is said on it is as on one to the relay itself. Likewise; where the guest has no relay it ends at once.
   */
  openEgressRelay(signal?: AbortSignal): Promise<Duplex>;
  /** Resolves when the guest accepted to stop; the session then ends by itself. */
  powerOff(signal?: AbortSignal): Promise<void>;
  /** Resolves, never rejects, when the session has ended for whatever reason. */
  readonly closed: Promise<ChannelEnd>;
  /** Ends the session; streams still open are aborted. Resolves when the byte stream is released. */
  close(): Promise<void>;
}

/** What the guest serves. Every handler may be called many times at once. */
export interface ChannelHandlers {
  /** Owns the stream from now on. */
  engine(stream: Duplex): void;
  /** A JSON value. */
  status(): Promise<unknown>;
  /** Question and answer are JSON values; the question is unchecked. */
  explain(question: unknown): Promise<unknown>;
  /** Likewise. */
  signIn(question: unknown): Promise<unknown>;
  signOut(): Promise<unknown>;
  /** Likewise. */
  changeShares(change: unknown): Promise<unknown>;
  /** Lines without line feeds. The signal aborts when the host has lost interest. */
  logs(query: LogQuery, signal: AbortSignal): AsyncIterable<string>;
  /** Likewise, of the audit log. */
  audit(query: AuditQuery, signal: AbortSignal): AsyncIterable<string>;
  /** A JSON value. */
  trim(): Promise<unknown>;
  /** Owns the stream from now on, by which it may ask the host for ports. */
  ports(stream: Duplex): void;
  /** Owns the stream from now on, by which it may ask the host's ssh agent. */
  sshAgent(stream: Duplex): void;
  /** Owns the stream from now on, on which it says who has which address. */
  egress(stream: Duplex): void;
  /** Owns the stream from now on, which is a connection to the relay of the way out. */
  egressRelay(stream: Duplex): void;
  /** Called after the host was told 202, so it may end the session. */
  powerOff(): Promise<void>;
}

/** The guest's end of one session. */
export interface ServedChannel {
  readonly closed: Promise<ChannelEnd>;
  close(): Promise<void>;
}
