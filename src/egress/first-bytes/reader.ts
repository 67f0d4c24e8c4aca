/** A vector of a TLS message that is longer than what it is in, or not of its least length. */
export class OutOfBounds extends Error {}

/** Reads the vectors of TLS messages (RFC 8446 §3.4), none beyond the end. */
export class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.#at === this.#bytes.length;
  }

  number(size: 1 | 2 | 3): number {
    return this.take(size).reduce((value, byte) => value * 256 + byte, 0);
  }

  take(length: number): Uint8Array {
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new OutOfBounds();
    const taken = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }

  /** What is behind its own length, which is written in that many bytes. */
  vector(size: 1 | 2): Uint8Array {
    return this.take(this.number(size));
  }
}
