import { randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import type { Clock } from '../common/clock.js';
import { BulkheadError } from '../common/errors/bulkhead-error.js';
import {
  channelVersion,
  formatHandshake,
  type HandshakeLine,
  HandshakeParser,
  nonceBytes,
} from './handshake-parser.js';

export interface HandshakeOptions {
  readonly clock: Clock;
  /** Milliseconds the other side may take. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/**
 * The host's half: sends a line with a fresh nonce and skips to the answer that bears it. The nonce is what
 * keeps an answer of an earlier session, or a container's imitation of one, from being taken for this one's.
 * Afterwards the stream is paused and its next byte is the first of HTTP/2. Does not destroy the stream.
 *
 * Throws BH_CHANNEL_VERSION, BH_CHANNEL_TIMEOUT, BH_CHANNEL_CLOSED, or the signal's reason.
 */
export async function greetGuest(stream: Duplex, options: HandshakeOptions): Promise<void> {
  const nonce = randomBytes(nonceBytes).toString('hex');
  const answer = readHandshake(stream, new HandshakeParser((line) => line.nonce === nonce), options);
  stream.write(formatHandshake({ version: channelVersion, nonce }));
  requireSameVersion({ guest: (await answer).version, host: channelVersion });
}

/**
 * The guest's half: skips to a line and answers it with the guest's own version, so that a host of
 * another version can say which one it met. Without `timeoutMs` it waits for as long as the stream lasts.
 * Errors as `greetGuest`.
 */
export async function greetHost(
  stream: Duplex,
  options: Partial<HandshakeOptions> & Pick<HandshakeOptions, 'clock'>,
): Promise<void> {
  const line = await readHandshake(stream, new HandshakeParser(), options);
  stream.write(formatHandshake({ version: channelVersion, nonce: line.nonce }));
  requireSameVersion({ guest: channelVersion, host: line.version });
}

function requireSameVersion(versions: { readonly guest: number; readonly host: number }): void {
  if (versions.guest !== versions.host) throw new BulkheadError('BH_CHANNEL_VERSION', versions);
}

/**
 * Reads with `readable` and not with `data`: after the line not one byte more is taken, and what follows it in
 * the same chunk goes back by `unshift`, where the HTTP/2 session looks for it.
 */
function readHandshake(
  stream: Duplex,
  parser: HandshakeParser,
  { clock, timeoutMs, signal }: Partial<HandshakeOptions> & Pick<HandshakeOptions, 'clock'>,
): Promise<HandshakeLine> {
  return new Promise((resolve, reject) => {
    const settled = new AbortController();
    const settle = (act: () => void): void => {
      if (settled.signal.aborted) return;
      settled.abort();
      stream.off('readable', onReadable).off('error', onError).off('end', onEnd).off('close', onEnd);
      signal?.removeEventListener('abort', onAbort);
      act();
    };
    const fail = (error: unknown): void => settle(() => reject(error));
    const onError = (cause: Error): void => fail(new BulkheadError('BH_CHANNEL_CLOSED', {}, { cause }));
    const onEnd = (): void => fail(new BulkheadError('BH_CHANNEL_CLOSED'));
    const onAbort = (): void => fail(signal?.reason);
    const onReadable = (): void => {
      for (let chunk = readChunk(stream); chunk !== undefined; chunk = readChunk(stream)) {
        let match = parser.push(chunk);
        if (match === undefined) continue;
        // A host that had no answer in time greets anew: of the lines that wait here only the last still counts.
        for (let next = parser.push(match.rest); next !== undefined; next = parser.push(next.rest))
          match = next;
        const { line, rest } = match;
        settle(() => {
          if (rest.length > 0) stream.unshift(rest);
          resolve(line);
        });
        return;
      }
    };
    if (signal?.aborted === true) return fail(signal.reason);
    if (stream.destroyed || stream.readableEnded) return onEnd();
    signal?.addEventListener('abort', onAbort);
    stream.on('readable', onReadable).on('error', onError).on('end', onEnd).on('close', onEnd);
    if (timeoutMs !== undefined) {
      clock.sleep(timeoutMs, settled.signal).then(
        () => fail(new BulkheadError('BH_CHANNEL_TIMEOUT', { ms: timeoutMs })),
        () => undefined,
      );
    }
  });
}

function readChunk(stream: Duplex): Buffer | undefined {
  const chunk: unknown = stream.read();
  return Buffer.isBuffer(chunk) ? chunk : undefined;
}
