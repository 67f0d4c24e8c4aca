/** The version this build speaks; see "Control channel" in docs/architecture.md. */
export const channelVersion = 1;

/** 128 bits: stale bytes, or bytes a container put into an earlier session, match it by no chance worth naming. */
export const nonceBytes = 16;

export interface HandshakeLine {
  readonly version: number;
  /** Lower-case hexadecimal. */
  readonly nonce: string;
}

export interface HandshakeMatch {
  readonly line: HandshakeLine;
  /** What followed the line in the bytes pushed so far: the first bytes of HTTP/2. */
  readonly rest: Buffer;
}

const prefix = Buffer.from('bulkhead-channel/', 'latin1');
const longest = prefix.length + 9 + 1 + nonceBytes * 2 + 1;
const whole = /^bulkhead-channel\/([1-9][0-9]{0,8}) ([0-9a-f]{32})\n/;
const begun = /^bulkhead-channel\/(?:[1-9][0-9]{0,8}(?: [0-9a-f]{0,32})?)?$/;

export function formatHandshake(line: HandshakeLine): Buffer {
  return Buffer.from(`bulkhead-channel/${line.version} ${line.nonce}\n`, 'latin1');
}

/**
 * Finds the first acceptable handshake line in a byte stream, whatever precedes it: an earlier session may have
 * left half a frame behind, so the line need not begin after a line feed. Holds at most one line's length
 * between pushes, however much is skipped.
 */
export class HandshakeParser {
  #tail: Buffer = Buffer.alloc(0);
  readonly #accept: (line: HandshakeLine) => boolean;

  constructor(accept: (line: HandshakeLine) => boolean = () => true) {
    this.#accept = accept;
  }

  /** Bytes held back because a line may have begun in them. */
  get held(): number {
    return this.#tail.length;
  }

  push(chunk: Buffer): HandshakeMatch | undefined {
    const bytes = this.#tail.length === 0 ? chunk : Buffer.concat([this.#tail, chunk]);
    for (let at = bytes.indexOf(prefix); at !== -1; at = bytes.indexOf(prefix, at + 1)) {
      const text = bytes.toString('latin1', at, at + longest);
      const match = whole.exec(text);
      if (match === null) {
        if (text.length < longest && begun.test(text)) return this.#keep(bytes, at);
        continue;
      }
      const [length, version, nonce] = [match[0].length, Number(match[1]), match[2] ?? ''];
      const line = { version, nonce };
      if (this.#accept(line)) {
        this.#tail = Buffer.alloc(0);
        return { line, rest: bytes.subarray(at + length) };
      }
    }
    return this.#keep(bytes, bytes.length - partialPrefixLength(bytes));
  }

  #keep(bytes: Buffer, from: number): undefined {
    // A copy: a view would keep the whole chunk it points into.
    this.#tail = Buffer.from(bytes.subarray(from));
  }
}

/** How many bytes at the end are the beginning of the prefix. */
function partialPrefixLength(bytes: Buffer): number {
  for (let length = Math.min(prefix.length - 1, bytes.length); length > 0; length--) {
    if (bytes.subarray(bytes.length - length).equals(prefix.subarray(0, length))) return length;
  }
  return 0;
}
