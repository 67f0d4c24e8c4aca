import type { Framing } from './framing.js';
import { unreadable } from './head-reader.js';

/** What one piece of a stream holds of a body. */
export interface BodyPart {
  /** Content without framing, as views of the piece. */
  readonly content: readonly Buffer[];
  /** Bytes of the piece that belong to the body and its framing. */
  readonly consumed: number;
}

/** Where in a body a reader is. Chunks: before `left` bytes of content, behind the last of them, or before a size. */
export type BodyPlace =
  | { readonly at: 'counted' | 'content'; readonly left: number }
  | { readonly at: 'end' | 'size' };

/** Finds the end of one body. */
export interface BodyReader {
  readonly done: boolean;
  /** `undefined` within framing, and where the end can't be known. */
  readonly place: BodyPlace | undefined;
  /** Goes on where somebody else has come to by the same rules, from the present place; `done` is the end of a counted body. */
  goTo(place: 'done' | 'end' | 'size'): void;
  /** Throws `BH_GATE_HTTP`. */
  push(piece: Buffer): BodyPart;
}

/** Without framing all that comes is content; only the end of the stream ends it. */
export function bodyReader(framing: Framing): BodyReader {
  if (framing === 'chunked') return new ChunkedBody();
  return new CountedBody(framing?.length ?? Number.POSITIVE_INFINITY);
}

class CountedBody implements BodyReader {
  #left: number;

  constructor(length: number) {
    this.#left = length;
  }

  get done(): boolean {
    return this.#left === 0;
  }

  get place(): BodyPlace | undefined {
    return Number.isFinite(this.#left) ? { at: 'counted', left: this.#left } : undefined;
  }

  goTo(): void {
    this.#left = 0;
  }

  push(piece: Buffer): BodyPart {
    const consumed = Math.min(piece.length, this.#left);
    this.#left -= consumed;
    return { content: consumed === 0 ? [] : [piece.subarray(0, consumed)], consumed };
  }
}

/** Of a line that gives a size: 4 GiB less one byte need eight digits. */
const mostDigits = 8;

type State = 'size' | 'size-lf' | 'data' | 'data-cr' | 'data-lf' | 'end-cr' | 'end-lf' | 'done';

/**
 * RFC 9112 section 7.1, without what no Docker client and no engine sends and readers read differently: chunk extensions,
 * trailers, sizes of more than eight digits, signs, prefixes, blanks and line feeds alone.
 */
class ChunkedBody implements BodyReader {
  #state: State = 'size';
  #digits = '';
  #left = 0;

  get done(): boolean {
    return this.#state === 'done';
  }

  get place(): BodyPlace | undefined {
    if (this.#state === 'data') return { at: 'content', left: this.#left };
    if (this.#state === 'data-cr') return { at: 'end' };
    return this.#state === 'size' && this.#digits === '' ? { at: 'size' } : undefined;
  }

  goTo(place: 'done' | 'end' | 'size'): void {
    if (place === 'done') throw new Error('only its own framing ends a body in chunks');
    this.#state = place === 'end' ? 'data-cr' : 'size';
    this.#left = 0;
  }

  push(piece: Buffer): BodyPart {
    const content: Buffer[] = [];
    let at = 0;
    while (at < piece.length && this.#state !== 'done') {
      if (this.#state === 'data') {
        const end = Math.min(piece.length, at + this.#left);
        content.push(piece.subarray(at, end));
        this.#left -= end - at;
        at = end;
        if (this.#left === 0) this.#state = 'data-cr';
      } else {
        this.#take(String.fromCodePoint(piece[at] ?? 0));
        at += 1;
      }
    }
    return { content, consumed: at };
  }

  #take(character: string): void {
    switch (this.#state) {
      case 'size':
        if (character === '\r' && this.#digits !== '') this.#state = 'size-lf';
        else if (/[0-9a-fA-F]/.test(character) && this.#digits.length < mostDigits) this.#digits += character;
        else throw unreadable('the size of a chunk is not a plain number');
        return;
      case 'size-lf':
        this.#expect('\n', character);
        this.#left = Number.parseInt(this.#digits, 16);
        this.#digits = '';
        this.#state = this.#left === 0 ? 'end-cr' : 'data';
        return;
      case 'data-cr':
        return this.#step('\r', character, 'data-lf');
      case 'data-lf':
        return this.#step('\n', character, 'size');
      case 'end-cr':
        return this.#step('\r', character, 'end-lf');
      case 'end-lf':
        return this.#step('\n', character, 'done');
      case 'data':
      case 'done':
    }
  }

  #step(expected: string, character: string, next: State): void {
    this.#expect(expected, character);
    this.#state = next;
  }

  #expect(expected: string, character: string): void {
    if (character === expected) return;
    throw unreadable(
      this.#state === 'end-cr'
        ? 'its body ends with trailers'
        : 'a chunk of its body does not end where it should',
    );
  }
}
