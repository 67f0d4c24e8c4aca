import { Writable } from 'node:stream';

/** Of one write: each costs as much again as the cipher of a TLS record. Half of it costs a tenth more (test/bench/egress-pull.ts). */
const batchBytes = 256 * 1024;
/** Of a body at once. While one is written the next is filled. */
const mostWritten = 2;
/** Kept though no body has them. */
const mostSpare = 8;
const spare: Buffer[] = [];

type Done = (error?: Error | null) => void;

/** Passes on what it is given in few writes: what comes in one turn of the event loop is in one, as far as there is room. */
export class Batches extends Writable {
  readonly #to: Writable;
  readonly #onTaken: (chunk: Buffer) => void;
  #batch: Buffer | undefined;
  #length = 0;
  #written = 0;
  #isDue = false;
  #goOn: (() => void) | undefined;

  /** @param onTaken told of what was given as soon as all of it has been copied. */
  constructor(to: Writable, onTaken: (chunk: Buffer) => void) {
    super();
    this.#to = to;
    this.#onTaken = onTaken;
    if (to.destroyed) this.destroy();
    else to.once('close', () => this.destroy());
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: Done): void {
    this.#take(chunk, 0, done);
  }

  override _final(done: Done): void {
    this.#send();
    this.#to.end(done);
  }

  override _destroy(error: Error | null, done: Done): void {
    if (!this.writableFinished) this.#to.destroy();
    done(error);
  }

  #take(chunk: Buffer, from: number, done: Done): void {
    if (this.#batch === undefined && this.#written === mostWritten) {
      this.#goOn = () => this.#take(chunk, from, done);
      return;
    }
    this.#batch ??= spare.pop() ?? Buffer.allocUnsafeSlow(batchBytes);
    const copied = chunk.copy(this.#batch, this.#length, from);
    this.#length += copied;
    if (this.#length === batchBytes) this.#send();
    else this.#sendSoon();
    if (from + copied < chunk.length) {
      this.#take(chunk, from + copied, done);
      return;
    }
    this.#onTaken(chunk);
    done();
  }

  #sendSoon(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    setImmediate(() => {
      this.#isDue = false;
      this.#send();
    });
  }

  #send(): void {
    const [batch, length] = [this.#batch, this.#length];
    if (batch === undefined || this.destroyed) return;
    this.#batch = undefined;
    this.#length = 0;
    this.#written += 1;
    this.#to.write(batch.subarray(0, length), (error) => {
      // Of a failure it may be read still.
      if (error) {
        this.destroy(error);
        return;
      }
      if (spare.length < mostSpare) spare.push(batch);
      this.#written -= 1;
      const goOn = this.#goOn;
      this.#goOn = undefined;
      goOn?.();
    });
  }
}
