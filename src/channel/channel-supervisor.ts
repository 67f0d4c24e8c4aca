import type { Duplex } from 'node:stream';
import { toError } from '../common/cause.js';
import type { Clock } from '../common/clock.js';
import { BulkheadError, isBulkheadError } from '../common/errors/bulkhead-error.js';
import type { Channel, ChannelEnd } from './channel.js';
import { connectChannel } from './connect-channel.js';

export type SupervisorState =
  /** The guest has not opened its port. */
  | { readonly state: 'waiting' }
  /** Greeting the guest, or waiting to do so again; `error` is why the last attempt or session ended. */
  | { readonly state: 'connecting'; readonly error?: Error }
  | { readonly state: 'up'; readonly channel: Channel }
  /** The guest speaks another version; tried again when it reopens its port. */
  | { readonly state: 'incompatible'; readonly error: Error }
  | { readonly state: 'closed' };

export interface SupervisorOptions {
  /**
   * The byte stream for the next session: the same one each time in VM mode (with `keepStreamOpen`), a newly
   * connected socket in native mode.
   */
  readonly openStream: (signal: AbortSignal) => Promise<Duplex>;
  /** See `ConnectOptions`. */
  readonly keepStreamOpen?: boolean;
  readonly clock: Clock;
  /** Whether the guest's port counts as open from the start: native mode, where no QMP tells. Default false. */
  readonly portOpen?: boolean;
  /** Milliseconds `current` waits; default 30 000. */
  readonly currentTimeoutMs?: number;
  readonly onState?: (state: SupervisorState) => void;
}

/** Milliseconds. An attempt's deadline doubles too: a guest too slow for it would answer for ever in vain. */
const backOff = { first: 100, most: 5_000 };
const handshake = { first: 2_000, most: 30_000 };
/** Milliseconds after which a session counts as one that worked. */
const lasting = 10_000;

/**
 * Keeps a session with the guest for as long as the guest's port is open: greets, and when the session ends for
 * whatever reason greets again, with a back-off that starts over once a session has lasted.
 */
export class ChannelSupervisor {
  readonly #options: SupervisorOptions;
  readonly #waiters = new Set<() => void>();
  #state: SupervisorState = { state: 'waiting' };
  #port: AbortController | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(options: SupervisorOptions) {
    this.#options = options;
    if (options.portOpen === true) this.portOpened();
  }

  get state(): SupervisorState {
    return this.#state;
  }

  /** The guest opened its port (QMP VSERPORT_CHANGE, open true). Repeating it changes nothing. */
  portOpened(): void {
    if (this.#port !== undefined || this.#state.state === 'closed') return;
    const port = new AbortController();
    this.#port = port;
    this.#enter({ state: 'connecting' });
    this.#running = this.#running.then(() => this.#run(port.signal));
  }

  /** The guest closed its port: the session is over, and nothing is tried until it opens again. */
  portClosed(): void {
    if (this.#port === undefined) return;
    this.#port.abort(new BulkheadError('BH_CHANNEL_CLOSED'));
    this.#port = undefined;
    this.#enter({ state: 'waiting' });
  }

  /** Ends the session and the supervision. */
  async close(): Promise<void> {
    this.#port?.abort(new BulkheadError('BH_CHANNEL_CLOSED'));
    this.#port = undefined;
    this.#enter({ state: 'closed' });
    await this.#running;
  }

  /**
   * The channel that is up, now or once it is. Throws BH_CHANNEL_TIMEOUT after `currentTimeoutMs`,
   * BH_CHANNEL_VERSION when the guest is incompatible, BH_CHANNEL_CLOSED after `close`, or the signal's reason.
   */
  async current(signal?: AbortSignal): Promise<Channel> {
    const { clock, currentTimeoutMs = 30_000 } = this.#options;
    const settled = new AbortController();
    const sleepSignal = signal === undefined ? settled.signal : AbortSignal.any([settled.signal, signal]);
    let late = false;
    clock.sleep(currentTimeoutMs, sleepSignal).then(
      () => {
        late = true;
        this.#wake();
      },
      () => this.#wake(),
    );
    try {
      for (;;) {
        signal?.throwIfAborted();
        if (this.#state.state === 'up') return this.#state.channel;
        if (this.#state.state === 'incompatible') throw this.#state.error;
        if (this.#state.state === 'closed') throw new BulkheadError('BH_CHANNEL_CLOSED');
        if (late) throw new BulkheadError('BH_CHANNEL_TIMEOUT', { ms: currentTimeoutMs });
        await new Promise<void>((resolve) => this.#waiters.add(resolve));
      }
    } finally {
      settled.abort();
    }
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    for (let attempt = 0; !signal.aborted; attempt++) {
      let error: Error | undefined;
      try {
        const session = await this.#session(Math.min(handshake.first * 2 ** attempt, handshake.most), signal);
        error = session.error;
        if (session.lastedMs >= lasting) attempt = 0;
      } catch (cause) {
        error = toError(cause);
      }
      if (signal.aborted) return;
      if (isBulkheadError(error) && error.code === 'BH_CHANNEL_VERSION') {
        return this.#enter({ state: 'incompatible', error });
      }
      this.#enter(error === undefined ? { state: 'connecting' } : { state: 'connecting', error });
      // Only the end of supervision, or of the port, wakes it early.
      await clock.sleep(Math.min(backOff.first * 2 ** attempt, backOff.most), signal).catch(() => undefined);
    }
  }

  /** One session from greeting to end, and what it ended with, if that was a failure. */
  async #session(
    handshakeTimeoutMs: number,
    signal: AbortSignal,
  ): Promise<{ readonly lastedMs: number; readonly error: Error | undefined }> {
    const { openStream, clock, keepStreamOpen = false } = this.#options;
    const stream = await openStream(signal);
    const channel = await connectChannel(stream, { clock, keepStreamOpen, handshakeTimeoutMs, signal });
    const close = (): void => void channel.close();
    signal.addEventListener('abort', close);
    if (signal.aborted) close();
    else this.#enter({ state: 'up', channel });
    try {
      const began = clock.now();
      const error = errorOf(await channel.closed);
      return { lastedMs: clock.now() - began, error };
    } finally {
      signal.removeEventListener('abort', close);
    }
  }

  #enter(state: SupervisorState): void {
    if (this.#state.state === 'closed') return;
    this.#state = state;
    this.#options.onState?.(state);
    this.#wake();
  }

  #wake(): void {
    const waiters = [...this.#waiters];
    this.#waiters.clear();
    for (const wake of waiters) wake();
  }
}

function errorOf(end: ChannelEnd): Error | undefined {
  return 'error' in end ? end.error : undefined;
}
