import { BulkheadError } from '../common/errors/bulkhead-error.js';

/** Longest payload either side accepts, in bytes; `WIRE_MAX_PAYLOAD` of front-door/wire.h. */
export const maximumPayload = 16 * 1024 * 1024;
/** `WIRE_MAX_FIELDS` of front-door/wire.h. */
export const maximumFields = 65_536;

export type Field = string | Uint8Array;

/** One message: u32 payload length, then fields of u32 length and bytes, all little endian. */
export function encodeMessage(fields: readonly Field[]): Buffer {
  const parts = fields.map((field) => (typeof field === 'string' ? Buffer.from(field, 'utf8') : field));
  const payload = parts.reduce((sum, part) => sum + 4 + part.length, 0);
  if (payload > maximumPayload) throw protocolError('a message would be longer than 16 MiB');
  if (fields.length === 0 || fields.length > maximumFields) throw protocolError('a message has no fields');
  const message = Buffer.allocUnsafe(4 + payload);
  let at = message.writeUInt32LE(payload, 0);
  for (const part of parts) {
    at = message.writeUInt32LE(part.length, at);
    message.set(part, at);
    at += part.length;
  }
  return message;
}

/** @throws BulkheadError `BH_RUNTIME_PROTOCOL` unless the fields fill the payload exactly. */
export function decodePayload(payload: Buffer): Buffer[] {
  const fields: Buffer[] = [];
  for (let at = 0; at < payload.length;) {
    if (payload.length - at < 4) throw protocolError('a field length is cut off');
    const length = payload.readUInt32LE(at);
    at += 4;
    if (length > payload.length - at) throw protocolError('a field is longer than its message');
    fields.push(payload.subarray(at, at + length));
    at += length;
    if (fields.length > maximumFields) throw protocolError('a message has too many fields');
  }
  if (fields.length === 0) throw protocolError('a message is empty');
  return fields;
}

/** Splits a byte stream into messages, however the bytes are cut. */
export class MessageDecoder {
  readonly #limit: number;
  #chunks: Buffer[] = [];
  #size = 0;

  /** @param limit longest payload accepted, in bytes. */
  constructor(limit: number = maximumPayload) {
    this.#limit = limit;
  }

  /** Bytes that belong to no complete message yet. */
  get pending(): number {
    return this.#size;
  }

  /**
   * @returns the messages that became complete, each as its fields.
   * @throws BulkheadError `BH_RUNTIME_PROTOCOL`; the decoder is of no use afterwards.
   */
  push(chunk: Buffer): Buffer[][] {
    if (chunk.length > 0) this.#chunks.push(chunk);
    this.#size += chunk.length;
    const messages: Buffer[][] = [];
    for (;;) {
      const payload = this.#take();
      if (payload === undefined) return messages;
      messages.push(decodePayload(payload));
    }
  }

  #take(): Buffer | undefined {
    if (this.#size < 4) return undefined;
    const length = this.#header();
    if (length > this.#limit) throw protocolError(`a message of ${length} bytes is too long`);
    // Joined only once all of it is there: joining at every chunk would make a long message cost its square.
    if (this.#size < 4 + length) return undefined;
    const all = Buffer.concat(this.#chunks);
    const rest = all.subarray(4 + length);
    this.#chunks = rest.length > 0 ? [rest] : [];
    this.#size = rest.length;
    return all.subarray(4, 4 + length);
  }

  #header(): number {
    const [first] = this.#chunks;
    if (first !== undefined && first.length >= 4) return first.readUInt32LE(0);
    this.#chunks = [Buffer.concat(this.#chunks)];
    return this.#chunks[0]?.readUInt32LE(0) ?? 0;
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * A field as text. Paths that are not UTF-8 are refused rather than altered: an altered path is another path.
 *
 * @throws BulkheadError `BH_RUNTIME_PROTOCOL`.
 */
export function textOf(field: Buffer | undefined, name: string): string {
  if (field === undefined) throw protocolError(`${name} is missing`);
  try {
    return utf8.decode(field);
  } catch {
    throw protocolError(`${name} is not UTF-8`);
  }
}

export function protocolError(reason: string): BulkheadError {
  return new BulkheadError('BH_RUNTIME_PROTOCOL', { reason });
}
