/** Bytes there is room for at first; most bodies are smaller. */
const first = 4096;

/** Bytes gathered into one piece of memory. Threat: a body sent a byte at a time, of which each byte would be held as an object of its own. */
export class GrowingBuffer {
  #memory = Buffer.allocUnsafe(first);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  add(piece: Buffer): void {
    const needed = this.#length + piece.length;
    if (needed > this.#memory.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, 2 * this.#memory.length));
      this.#memory.copy(larger, 0, 0, this.#length);
      this.#memory = larger;
    }
    piece.copy(this.#memory, this.#length);
    this.#length = needed;
  }

  /** What was added; nothing may be added after this. */
  bytes(): Buffer {
    return this.#memory.subarray(0, this.#length);
  }
}
