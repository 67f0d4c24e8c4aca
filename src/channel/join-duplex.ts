import type { Duplex } from 'node:stream';

/** `aborted`: one side went away before both directions had ended in order. */
export type JoinEnd = { readonly end: 'complete' } | { readonly end: 'aborted'; readonly error?: Error };

/**
 * Copies both ways between two streams until each direction has ended; both must allow half-open. The end of
 * one side becomes `end()` of the other and leaves the opposite direction running (hijacked connections need
 * it); an abort of one side, which is `close` before both directions ended, aborts the other, so that a cut
 * transfer is never taken for a complete one. A side that ended in order and then refuses the rest (an engine that
 * answers a request early and closes) loses the other nothing: what it sent is delivered before the join is cut.
 * A reader that is slow pauses only its own source. What a side ended before the join is passed on as an end.
 *
 * Resolves when both are closed, never rejects.
 *
 * @param passedOn told of each piece of `b` that `a` has written and nothing needs any more.
 */
export function joinDuplex(a: Duplex, b: Duplex, passedOn?: (piece: Buffer) => void): Promise<JoinEnd> {
  return new Promise((resolve) => {
    const join = new Join(resolve);
    join.add(a, b);
    join.add(b, a, passedOn);
  });
}

class Join {
  readonly #open = new Set<Duplex>();
  /** Those whose end has been passed on. */
  readonly #ended = new Set<Duplex>();
  readonly #resolve: (end: JoinEnd) => void;
  #aborted = false;
  #error: Error | undefined;

  constructor(resolve: (end: JoinEnd) => void) {
    this.#resolve = resolve;
  }

  add(from: Duplex, to: Duplex, passedOn?: (piece: Buffer) => void): void {
    this.#open.add(from);
    let sinkEnded = false;
    to.on('finish', () => {
      sinkEnded = true;
    });
    from.on('data', (chunk: Buffer) => {
      const written = (error?: Error | null): void => {
        if (error === undefined || error === null) passedOn?.(chunk);
      };
      // What the kernel took at once needs no pause, whatever its size.
      if (!to.write(chunk, passedOn && written) && to.writableLength > 0) from.pause();
    });
    to.on('drain', () => {
      from.resume();
    });
    const end = (): void => {
      this.#ended.add(from);
      to.end();
    };
    from.on('end', end);
    from.on('error', (error: Error) => {
      this.#error ??= error;
    });
    from.on('close', () => {
      if (!this.#ended.has(from)) this.#abort(from, to);
      this.#closed(from);
    });
    to.on('close', () => {
      // An HTTP/2 stream that is reset ends and may finish its writable side by itself: only an end that came
      // from the source counts.
      if (this.#ended.has(from) && sinkEnded) return;
      if (this.#ended.has(to)) this.#abortWhenFlushed(from);
      else this.#abort(from, to);
    });
    if (from.destroyed) {
      this.#abort(from, to);
      this.#closed(from);
    } else if (from.readableEnded) {
      end();
    }
  }

  #abort(...streams: readonly Duplex[]): void {
    this.#aborted = true;
    for (const stream of streams) stream.destroy();
  }

  #abortWhenFlushed(stream: Duplex): void {
    this.#aborted = true;
    if (stream.writableFinished) stream.destroy();
    else stream.once('finish', () => stream.destroy());
  }

  #closed(stream: Duplex): void {
    if (!this.#open.delete(stream) || this.#open.size > 0) return;
    if (!this.#aborted) this.#resolve({ end: 'complete' });
    else
      this.#resolve(this.#error === undefined ? { end: 'aborted' } : { end: 'aborted', error: this.#error });
  }
}
