import { constants, type Http2Session } from 'node:http2';
import type { Duplex } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { codeOf, toError } from '../common/cause.js';
import type { Clock } from '../common/clock.js';
import { BulkheadError } from '../common/errors/bulkhead-error.js';
import type { ChannelEnd } from './channel.js';
import { connectionWindow } from './http2-settings.js';

export interface LivenessOptions {
  readonly clock: Clock;
  /** Milliseconds between the answer to one ping and the next; default 20 000. Each wakes an idle VM several times on its way, and what has ended is mostly known without. */
  readonly pingIntervalMs?: number;
  /** Milliseconds an answer may take; default 20 000, as a loaded guest without KVM pauses for seconds. */
  readonly pingTimeoutMs?: number;
}

/**
 * Watches one session and ends it once, for the first cause that shows: an ending of the byte stream, GOAWAY, a
 * protocol error, an unanswered ping, or `finish`. Streams still open are then aborted with BH_CHANNEL_CLOSED
 * and the byte stream is destroyed, at the latest one event-loop turn later.
 */
export class SessionLife {
  readonly closed: Promise<ChannelEnd>;
  readonly #ended = new AbortController();
  readonly #session: Http2Session;
  readonly #stream: Duplex;
  #resolve: (end: ChannelEnd) => void = () => undefined;
  /** Since it was last looked at: who asks is there. */
  #wasAsked = false;

  /**
   * Listens to the stream before the session does, so that streams end with our error and not as CANCEL.
   *
   * Bytes that came along with the greeting reach the session in the next tick, and Node 24.21 throws where
   * nobody can catch it when the session is gone by then: hence nothing may end it before the turn is over.
   */
  static async begin<Session extends Http2Session>(
    stream: Duplex,
    createSession: () => Session,
    options: LivenessOptions,
  ): Promise<{ life: SessionLife; session: Session }> {
    let end: ChannelEnd | undefined;
    let life: SessionLife | undefined;
    const finish = (cause: ChannelEnd): void => {
      if (life === undefined) end ??= cause;
      else life.finish(cause);
    };
    const gone = (): void => finish({ reason: 'peer-closed' });
    const failed = (error: Error): void => finish(endOf(error));
    if (stream.destroyed) throw new BulkheadError('BH_CHANNEL_CLOSED');
    stream.prependListener('error', failed).prependListener('end', gone).prependListener('close', gone);
    const session = createSession();
    session.on('error', failed);
    await nextTurn();
    if (!session.destroyed) session.setLocalWindowSize(connectionWindow);
    life = new SessionLife(stream, session, options);
    if (end !== undefined) life.finish(end);
    else if (session.destroyed) gone();
    return { life, session };
  }

  private constructor(stream: Duplex, session: Http2Session, options: LivenessOptions) {
    this.#stream = stream;
    this.#session = session;
    this.closed = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    session.on('goaway', (code) => this.finish(code === 0 ? { reason: 'peer-closed' } : goneAway(code)));
    session.on('close', () => this.finish({ reason: 'peer-closed' }));
    session.on('ping', () => (this.#wasAsked = true));
    void this.#watch(options);
  }

  /** Aborts when the session has ended. */
  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  finish(end: ChannelEnd): void {
    if (this.#ended.signal.aborted) return;
    this.#ended.abort();
    const cause = 'error' in end ? { cause: end.error } : {};
    // NO_ERROR, for it is the other side's business only that the session is over.
    this.#session.destroy(new BulkheadError('BH_CHANNEL_CLOSED', {}, cause), constants.NGHTTP2_NO_ERROR);
    // Left to itself the session waits until all it has queued is written, which a dead peer never reads.
    setImmediate(() => {
      this.#stream.destroy();
      this.#resolve(end);
    });
  }

  async close(): Promise<void> {
    this.finish({ reason: 'closed' });
    await this.closed;
  }

  async #watch({ clock, pingIntervalMs = 20_000, pingTimeoutMs = 20_000 }: LivenessOptions): Promise<void> {
    const { signal } = this.#ended;
    try {
      for (;;) {
        await clock.sleep(pingIntervalMs, signal);
        const wasAsked = this.#wasAsked;
        this.#wasAsked = false;
        // Both sides do this: one of them asks.
        if (wasAsked || (await this.#ping(clock, pingTimeoutMs))) continue;
        const error = new BulkheadError('BH_CHANNEL_UNRESPONSIVE', { ms: pingTimeoutMs });
        this.finish({ reason: 'unresponsive', error });
      }
    } catch (error) {
      // The sleep was aborted by the end of the session; anything else ends it.
      this.finish(endOf(toError(error)));
    }
  }

  async #ping(clock: Clock, timeoutMs: number): Promise<boolean> {
    const answered = new AbortController();
    const timedOut = clock.sleep(timeoutMs, AbortSignal.any([answered.signal, this.#ended.signal])).then(
      () => false,
      () => true,
    );
    this.#session.ping((error) => {
      // An error here is the end of the session, which speaks for itself.
      if (error === null) answered.abort();
    });
    return await timedOut;
  }
}

/** What a vanished peer looks like on a socket is not a failure of the channel. */
function endOf(error: Error): ChannelEnd {
  const code = codeOf(error);
  return code === 'ECONNRESET' || code === 'EPIPE' ? { reason: 'peer-closed' } : { reason: 'failed', error };
}

function goneAway(code: number): ChannelEnd {
  return { reason: 'failed', error: new Error(`the other side ended the session with HTTP/2 error ${code}`) };
}
