/**
 * What the relay and the gateway say to each other: lines of words, some with as many bytes behind them as their last word says. `relay/control.h` has the table.
 * The relay is ours, yet reads what containers send: whatever it says that is not on that table ends the connection with it.
 */
import { isIP } from 'node:net';
import { mostFirstBytes } from './first-bytes/index.js';

export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

export type FromRelay =
  | { readonly kind: 'hello'; readonly connections: number }
  | { readonly kind: 'open'; readonly id: number; readonly from: Endpoint; readonly to: Endpoint }
  | { readonly kind: 'connected'; readonly id: number }
  | { readonly kind: 'failed'; readonly id: number; readonly errno: number }
  | { readonly kind: 'peeked'; readonly id: number; readonly bytes: Buffer; readonly all: boolean }
  | { readonly kind: 'closed'; readonly id: number; readonly out: number; readonly in: number }
  | {
      readonly kind: 'query';
      readonly id: number;
      readonly from: Endpoint;
      /** The name server that was asked. */
      readonly asked: string;
      readonly bytes: Buffer;
    }
  | { readonly kind: 'refused'; readonly count: number }
  | { readonly kind: 'ping'; readonly number: number };

export type ToRelay =
  | { readonly kind: 'dial'; readonly id: number; readonly to: Endpoint; readonly hold: boolean }
  | { readonly kind: 'release'; readonly id: number }
  | { readonly kind: 'peek'; readonly id: number; readonly beyond: number }
  | { readonly kind: 'reset'; readonly id: number }
  | { readonly kind: 'answer'; readonly id: number; readonly bytes: Buffer }
  | { readonly kind: 'pong'; readonly number: number };

/** The first line of the one connection on which these are said. */
export const controlPreface = 'control 1\n';
/** That of a connection that becomes the other side of one of the relay's. */
export const streamPreface = (id: number, hold: boolean): string => `${hold ? 'held' : 'stream'} ${id}\n`;

/** Of an answer to a question for names; the relay takes no longer one. */
export const longestAnswer = 16_384;

const longestLine = 160;
/** Of what a client sends first, and of a question. */
const longestPayload = mostFirstBytes;

export class WireError extends Error {
  override readonly name = 'WireError';
}

export function encodeToRelay(message: ToRelay): Buffer {
  switch (message.kind) {
    case 'dial':
      return line('dial', message.id, message.to.address, message.to.port, ...(message.hold ? ['hold'] : []));
    case 'peek':
      return line('peek', message.id, message.beyond);
    case 'release':
    case 'reset':
      return line(message.kind, message.id);
    case 'answer':
      return Buffer.concat([line('answer', message.id, message.bytes.length), message.bytes]);
    case 'pong':
      return line('pong', message.number);
  }
}

function line(...words: readonly (string | number)[]): Buffer {
  return Buffer.from(`${words.join(' ')}\n`, 'latin1');
}

/** Reads messages out of a stream, however it is cut. */
export class RelayReader {
  #pending: Buffer = Buffer.alloc(0);

  /** The messages that are complete with this chunk. Throws `WireError`. */
  *read(chunk: Buffer): Generator<FromRelay, void, undefined> {
    let rest = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    for (;;) {
      const taken = takeMessage(rest);
      if (taken === undefined) break;
      rest = rest.subarray(taken.length);
      this.#pending = rest;
      yield taken.message;
    }
    this.#pending = rest;
  }
}

function takeMessage(bytes: Buffer): { readonly message: FromRelay; readonly length: number } | undefined {
  const end = bytes.subarray(0, longestLine).indexOf(0x0a);
  if (end < 0) {
    if (bytes.length >= longestLine) throw new WireError('a line of the relay is too long');
    return undefined;
  }
  const words = bytes.toString('latin1', 0, end).split(' ');
  const payload = payloadOf(words);
  const length = end + 1 + payload;
  if (bytes.length < length) return undefined;
  return { message: messageOf(words, Buffer.from(bytes.subarray(end + 1, length))), length };
}

function payloadOf(words: readonly string[]): number {
  if (words[0] !== 'peeked' && words[0] !== 'query') return 0;
  const length = numberOf(words.at(-1));
  if (length > longestPayload) throw new WireError('the relay says more than it may');
  return length;
}

function messageOf(words: readonly string[], bytes: Buffer): FromRelay {
  const [kind, ...rest] = words;
  const [first, second, third, fourth, fifth] = rest;
  const count = rest.length;
  if (kind === 'open' && count === 5)
    return { kind, id: numberOf(first), from: endpointOf(second, third), to: endpointOf(fourth, fifth) };
  if (kind === 'connected' && count === 1) return { kind, id: numberOf(first) };
  if (kind === 'failed' && count === 2) return { kind, id: numberOf(first), errno: numberOf(second) };
  if (kind === 'peeked' && count === 3 && (second === 'all' || second === 'more'))
    return { kind, id: numberOf(first), bytes, all: second === 'all' };
  if (kind === 'closed' && count === 3)
    return { kind, id: numberOf(first), out: numberOf(second), in: numberOf(third) };
  if (kind === 'query' && count === 5)
    return { kind, id: numberOf(first), from: endpointOf(second, third), asked: addressOf(fourth), bytes };
  if (kind === 'refused' && count === 1) return { kind, count: numberOf(first) };
  if (kind === 'ping' && count === 1) return { kind, number: numberOf(first) };
  if (kind === 'hello' && count === 2 && first === '1') return { kind, connections: numberOf(second) };
  throw new WireError(`the relay says what is not known: ${JSON.stringify(words.join(' '))}`);
}

function numberOf(word: string | undefined): number {
  const number = word !== undefined && /^(?:0|[1-9]\d{0,15})$/.test(word) ? Number(word) : NaN;
  if (!Number.isSafeInteger(number)) throw new WireError('the relay says a number that is none');
  return number;
}

function addressOf(word: string | undefined): string {
  if (word === undefined || isIP(word) === 0) throw new WireError('the relay says an address that is none');
  return word;
}

function endpointOf(address: string | undefined, port: string | undefined): Endpoint {
  const number = numberOf(port);
  if (number > 65_535) throw new WireError('the relay says a port that is none');
  return { address: addressOf(address), port: number };
}
