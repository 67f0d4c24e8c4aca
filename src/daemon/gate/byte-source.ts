import type { Duplex } from 'node:stream';

/** Bytes held for a reader that has not asked for them yet; beyond, the stream is paused. */
const mostHeld = 65_536;
/** What holding a piece takes besides its bytes: of pieces of one byte there may not be 65,536. */
const perPiece = 256;

/** A connection that went away before what was being said had ended. */
export class ConnectionCut extends Error {
  override readonly name = 'ConnectionCut';
}

/**
 * The readable side of a stream, read when wanted. Unlike a paused stream it notices the end while nothing is wanted, as long as
 * no more than 64 KiB came before it: a client that has gone must not keep the engine at work for it.
 */
export class ByteSource {
  readonly #stream: Duplex;
  readonly #pieces: Buffer[] = [];
  #held = 0;
  #ended = false;
  #cut = false;
  #wake: (() => void) | undefined;
  #onEnd: (() => void) | undefined;
  #lent: { readonly takeBack: () => void; wanted: boolean } | undefined;
  readonly #slabs: boolean;
  readonly #release: () => void;
  /** Takes back the memory of a piece that came from here, of which nothing was put back, once no view of it is in use. */
  readonly giveBack: (piece: Buffer) => void;

  constructor(stream: Duplex, giveBack?: (piece: Buffer) => void) {
    this.#stream = stream;
    this.#slabs = giveBack !== undefined;
    this.giveBack = giveBack ?? (() => undefined);
    const onData = (piece: Buffer): void => {
      this.#pieces.push(piece);
      this.#held += piece.length + perPiece;
      if (this.#held > mostHeld + perPiece) stream.pause();
      this.#wake?.();
    };
    const onEnd = (): void => {
      this.#ended = true;
      this.#wake?.();
      this.#tellEnd();
    };
    const onClose = (): void => {
      this.#cut = !this.#ended;
      this.#wake?.();
      this.#tellEnd();
    };
    // What went wrong shows as a close without an end.
    stream.on('error', () => undefined);
    stream.on('data', onData).on('end', onEnd).on('close', onClose);
    this.#release = () => stream.off('data', onData).off('end', onEnd).off('close', onClose).pause();
    if (stream.destroyed) onClose();
  }

  /** Whether `next` has something to give at once. */
  get ready(): boolean {
    return this.#pieces.length > 0;
  }

  /** The next piece; `undefined` after the last. Rejects with ConnectionCut. One reader at a time. */
  async next(): Promise<Buffer | undefined> {
    for (;;) {
      const piece = this.#pieces.shift();
      if (piece !== undefined) {
        this.#held -= piece.length + perPiece;
        this.resume();
        return piece;
      }
      if (this.#ended) return undefined;
      if (this.#cut) throw new ConnectionCut();
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
  }

  /** Gives back what the reader did not need of a piece; the next piece begins with it. */
  putBack(rest: Buffer): void {
    if (rest.length === 0) return;
    this.#pieces.unshift(rest);
    this.#held += rest.length + perPiece;
  }

  /** Calls back when the stream has ended or was cut and nothing of it is left to read, at once if that is so. Replaces an earlier wish. */
  whenEnded(callback: (() => void) | undefined): void {
    this.#onEnd = callback;
    this.#tellEnd();
  }

  /** Reads on, if there is room, also where somebody else has stopped the stream. Does nothing while it is lent. */
  resume(): void {
    if (this.#lent === undefined && this.#held <= mostHeld + perPiece) this.#stream.resume();
  }

  /**
   * Does not read any more until `reclaim`, once somebody else stops what the stream reads already. `pause` is not enough: a paused stream
   * reads ahead.
   *
   * @param takeBack called when the source is released meanwhile.
   */
  lend(takeBack: () => void): void {
    const lent = { takeBack, wanted: false };
    this.#lent = lent;
    this.#stream._read = () => {
      lent.wanted = true;
    };
    // A stream with slabs begins to read whenever its buffer is read, as a `resume` of just now is about to do (`lib/net.js`).
    if (this.#slabs) this.#stream.read = () => null;
    this.#stream.pause();
  }

  /** Of a source that is lent and stopped: makes `next` give all that had been read. False when it cannot be had without reading more. */
  gather(): boolean {
    if (this.#ended || this.#cut) return false;
    // A stream that reads into slabs would begin to read; it holds nothing unless it was paused.
    if (this.#stream.readableLength > 0 && !this.#slabs) this.#stream.read();
    return this.#stream.readableLength === 0;
  }

  /** Reads itself again. */
  reclaim(): void {
    const lent = this.#lent;
    if (lent === undefined) return;
    this.#lent = undefined;
    for (const own of ['_read', 'read']) Reflect.deleteProperty(this.#stream, own);
    if (this.#stream.destroyed) return;
    // The stream takes it for under way.
    if (lent.wanted) this.#stream._read(mostHeld);
    this.resume();
  }

  /** Lets go of the stream, which is paused then, and gives what is left to read. */
  release(): Buffer[] {
    this.#lent?.takeBack();
    this.reclaim();
    this.#onEnd = undefined;
    this.#release();
    return this.#pieces.splice(0);
  }

  #tellEnd(): void {
    if ((this.#ended || this.#cut) && this.#pieces.length === 0) this.#onEnd?.();
  }
}

/**
 * Writes pieces together and waits until there is room for more. Rejects with ConnectionCut.
 *
 * @param written called when nothing needs the pieces any more; not if that is never known.
 */
export async function writeAll(to: Duplex, pieces: readonly Buffer[], written?: () => void): Promise<void> {
  if (to.destroyed || to.writableEnded) throw new ConnectionCut();
  if (pieces.length === 0) return;
  const last = pieces.length - 1;
  const whenWritten = (error?: Error | null): void => {
    if (error === undefined || error === null) written?.();
  };
  to.cork();
  let room = true;
  for (const [index, piece] of pieces.entries())
    room = index === last && written !== undefined ? to.write(piece, whenWritten) : to.write(piece);
  to.uncork();
  // What the kernel took at once needs no wait, whatever its size.
  if (room || to.writableLength === 0 || !to.writableNeedDrain) return;
  await new Promise<void>((resolve, reject) => {
    const settle = (): void => {
      to.off('drain', settle).off('close', settle);
      if (to.destroyed) reject(new ConnectionCut());
      else resolve();
    };
    to.on('drain', settle).on('close', settle);
  });
}
