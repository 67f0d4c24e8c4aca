import { BulkheadError } from '../../common/errors/bulkhead-error.js';

/** Bytes. Docker's own clients send less than 1 KiB; a registry configuration in a header can be several. */
const longestHead = 65_536;

const tab = 0x09;
const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/**
 * Takes one head, request or answer, out of a stream of bytes, however they are cut: the start line and the fields, each ended by
 * CRLF, up to the empty line (RFC 9112 section 2.1). Threat: readers differ in what else they take for the end of a line or a head,
 * so one of them sees a second request where another sees a header. Here a line feed or a carriage return alone, a NUL and every
 * other control character are refused where they stand, before anything behind them is looked at.
 *
 * `push` throws `BH_GATE_HTTP`.
 */
export class HeadReader {
  readonly #highest: number;
  #text = '';
  #started = false;
  /** How much of CRLF CRLF the last bytes were. */
  #ending = 0;

  /** @param highest byte allowed: 0x7e in requests; an engine may quote other people's text. */
  constructor(highest: 0x7e | 0xff = 0x7e) {
    this.#highest = highest;
  }

  /** Whether any byte of a head has come. */
  get started(): boolean {
    return this.#started;
  }

  /** @returns how many bytes of `chunk` belong to the head; `undefined` when all of them do and more must come. */
  push(chunk: Buffer): number | undefined {
    for (let at = 0; at < chunk.length; at += 1) {
      this.#take(chunk[at] ?? 0);
      if (this.#ending === 4) return this.#keep(chunk, at + 1);
    }
    this.#keep(chunk, chunk.length);
    return undefined;
  }

  /** The lines of the head without their ends and without the empty one. Only after `push` has given a number. */
  lines(): string[] {
    return this.#text.slice(0, -4).split('\r\n');
  }

  #take(byte: number): void {
    if (byte === lineFeed) {
      if (this.#ending % 2 === 0) throw unreadable('a line does not end with CRLF');
      this.#ending += 1;
    } else if (this.#ending % 2 === 1) {
      throw unreadable('a carriage return is not followed by a line feed');
    } else if (byte === carriageReturn) {
      this.#ending += 1;
    } else {
      if ((byte < 0x20 && byte !== tab) || byte === 0x7f || byte > this.#highest)
        throw unreadable(`it holds the byte 0x${byte.toString(16).padStart(2, '0')}`);
      this.#ending = 0;
    }
  }

  #keep(chunk: Buffer, end: number): number {
    this.#started ||= end > 0;
    this.#text += chunk.toString('latin1', 0, end);
    if (this.#text.length > longestHead) throw unreadable(`it is longer than ${longestHead} bytes`);
    return end;
  }
}

/** A head that not every reader would read alike. */
export function unreadable(reason: string): BulkheadError {
  return new BulkheadError('BH_GATE_HTTP', { reason });
}
