import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from 'node:http2';
import type { Duplex } from 'node:stream';
import type { AuditQuery } from '../common/audit-event.js';
import { BulkheadError } from '../common/errors/bulkhead-error.js';
import { abortableStream } from './abortable-stream.js';
import type { Channel, ChannelEnd, LogQuery } from './channel.js';
import { chunksOf } from './chunks.js';
import { greetGuest } from './handshake.js';
import { clientOptions } from './http2-settings.js';
import { splitLines } from './lines.js';
import { auditTarget, logTarget } from './routes.js';
import { readDocument } from './json-document.js';
import { type LivenessOptions, SessionLife } from './session-life.js';
import { SessionStream } from './session-stream.js';

export interface ConnectOptions extends LivenessOptions {
  /** Milliseconds the guest may take to answer the handshake; default 5 000. */
  readonly handshakeTimeoutMs?: number;
  /** Aborts the handshake, not the session. */
  readonly signal?: AbortSignal;
  /** Leave the byte stream open when the session ends, for the next one to greet on; default false. */
  readonly keepStreamOpen?: boolean;
}

/**
 * Greets the guest on a byte stream and starts an HTTP/2 session on it. The stream belongs to the channel until
 * the session has ended, or the handshake failed, and is then destroyed unless `keepStreamOpen`.
 *
 * Throws BH_CHANNEL_VERSION, BH_CHANNEL_TIMEOUT, BH_CHANNEL_CLOSED, or the signal's reason.
 */
export async function connectChannel(raw: Duplex, options: ConnectOptions): Promise<Channel> {
  // A stream that is kept may fail between two sessions, when nobody else listens.
  if (raw.listenerCount('error') === 0) raw.on('error', () => undefined);
  const stream = new SessionStream(raw);
  stream.on('error', () => undefined);
  if (options.keepStreamOpen !== true) stream.on('close', () => raw.destroy());
  try {
    await greetGuest(stream, { timeoutMs: 5_000, ...handshakeOptions(options) });
    const { life, session } = await SessionLife.begin(
      stream,
      () => connect('http://bulkhead', { ...clientOptions, createConnection: () => stream }),
      options,
    );
    return new ClientChannel(session, life);
  } catch (error) {
    stream.destroy();
    throw error;
  }
}

function handshakeOptions({ clock, handshakeTimeoutMs, signal }: ConnectOptions) {
  return {
    clock,
    ...(handshakeTimeoutMs === undefined ? {} : { timeoutMs: handshakeTimeoutMs }),
    ...(signal === undefined ? {} : { signal }),
  };
}

class ClientChannel implements Channel {
  readonly closed: Promise<ChannelEnd>;
  readonly #session: ClientHttp2Session;
  readonly #life: SessionLife;

  constructor(session: ClientHttp2Session, life: SessionLife) {
    this.#session = session;
    this.#life = life;
    this.closed = life.closed;
  }

  async openEngine(signal?: AbortSignal): Promise<Duplex> {
    return await this.#request('POST', '/engine', 200, { signal, endStream: false });
  }

  async status(signal?: AbortSignal): Promise<unknown> {
    return await this.#document('GET', '/status', { signal });
  }

  async explain(question: unknown, signal?: AbortSignal): Promise<unknown> {
    const body = JSON.stringify(question);
    return await this.#document('POST', '/explain', { signal, body });
  }

  async signIn(question: unknown, signal?: AbortSignal): Promise<unknown> {
    const body = JSON.stringify(question);
    return await this.#document('POST', '/sign-in', { signal, body });
  }

  async signOut(signal?: AbortSignal): Promise<unknown> {
    return await this.#document('POST', '/sign-out', { signal });
  }

  async changeShares(change: unknown, signal?: AbortSignal): Promise<unknown> {
    const body = JSON.stringify(change);
    return await this.#document('POST', '/shares', { signal, body });
  }

  async trim(signal?: AbortSignal): Promise<unknown> {
    return await this.#document('POST', '/trim', { signal });
  }

  async openPorts(signal?: AbortSignal): Promise<Duplex> {
    return await this.#request('POST', '/ports', 200, { signal, endStream: false });
  }

  async openAgent(signal?: AbortSignal): Promise<Duplex> {
    return await this.#request('POST', '/ssh-agent', 200, { signal, endStream: false });
  }

  async openEgress(signal?: AbortSignal): Promise<Duplex> {
    return await this.#request('POST', '/egress', 200, { signal, endStream: false });
  }

  async openEgressRelay(signal?: AbortSignal): Promise<Duplex> {
    return await this.#request('POST', '/egress-relay', 200, { signal, endStream: false });
  }

  logs(query: LogQuery, signal?: AbortSignal): AsyncIterable<string> {
    return this.#lines(logTarget(query), signal);
  }

  audit(query: AuditQuery, signal?: AbortSignal): AsyncIterable<string> {
    return this.#lines(auditTarget(query), signal);
  }

  async *#lines(target: string, signal?: AbortSignal): AsyncGenerator<string, void, undefined> {
    const stream = await this.#request('GET', target, 200, { signal });
    const abort = (): void => void stream.destroy();
    signal?.addEventListener('abort', abort);
    try {
      yield* splitLines(chunksOf(stream));
    } catch (error) {
      throw signal?.aborted === true ? signal.reason : error;
    } finally {
      signal?.removeEventListener('abort', abort);
      stream.destroy();
    }
  }

  async powerOff(signal?: AbortSignal): Promise<void> {
    const stream = await this.#request('POST', '/power-off', 202, { signal });
    stream.resume();
  }

  async close(): Promise<void> {
    await this.#life.close();
  }

  /** A guest that begins an answer need not end it, so the signal governs the answer, too. */
  async #document(
    method: string,
    request: string,
    options: { readonly signal: AbortSignal | undefined; readonly body?: string },
  ): Promise<unknown> {
    const { signal } = options;
    const stream = await this.#request(method, request, 200, options);
    const abort = (): void => void stream.destroy();
    signal?.addEventListener('abort', abort);
    try {
      signal?.throwIfAborted();
      const document = await readDocument(stream);
      if (document === undefined) throw new BulkheadError('BH_CHANNEL_REPLY', { request, status: 200 });
      return document;
    } catch (error) {
      throw signal?.aborted === true ? signal.reason : error;
    } finally {
      signal?.removeEventListener('abort', abort);
      stream.destroy();
    }
  }

  #request(
    method: string,
    target: string,
    expected: number,
    {
      signal,
      endStream = true,
      body,
    }: { signal: AbortSignal | undefined; endStream?: boolean; body?: string },
  ): Promise<ClientHttp2Stream> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) return reject(signal.reason);
      if (this.#life.ended.aborted) return reject(new BulkheadError('BH_CHANNEL_CLOSED'));
      const headers = { [constants.HTTP2_HEADER_METHOD]: method, [constants.HTTP2_HEADER_PATH]: target };
      const stream = abortableStream(
        this.#session.request(headers, { endStream: endStream && body === undefined }),
      );
      if (body !== undefined) stream.end(body);
      const settle = (): void => {
        signal?.removeEventListener('abort', onAbort);
        stream.off('response', onResponse).off('close', onClose);
      };
      const fail = (reason: unknown): void => {
        settle();
        stream.destroy();
        reject(reason);
      };
      const onAbort = (): void => fail(signal?.reason);
      const onClose = (): void => fail(new BulkheadError('BH_CHANNEL_CLOSED'));
      const onResponse = (headers: { readonly ':status'?: number | undefined }): void => {
        const status = headers[':status'] ?? 0;
        if (status !== expected)
          return fail(new BulkheadError('BH_CHANNEL_REPLY', { request: target, status }));
        settle();
        resolve(stream);
      };
      signal?.addEventListener('abort', onAbort);
      stream.on('response', onResponse).on('close', onClose);
    });
  }
}
