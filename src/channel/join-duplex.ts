import type { Duplex } from 'node:stream';

/** `aborted`: one side went away before both directions had ended in order. */
export type JoinEnd = { readonly end: 'complete' } | { readonly end: 'aborted'; readonly error?: Error };

/**
 * Looks at a piece before it is passed on. A promise holds the piece, and everything behind it, back until it settles;
 * the other direction goes on meanwhile. Must not reject.
 */
export type JoinHook = (chunk: Buffer) => Promise<void> | undefined;

export interface JoinHooks {
  readonly fromA?: JoinHook;
  readonly fromB?: JoinHook;
}

/**
 * Copies both ways between two streams until each direction has ended; both must allow half-open. The end of
 * one side becomes `end()` of the other and leaves the opposite direction running (hijacked connections need
 * it); an abort of one side, which is `close` before both directions ended, aborts the other, so that a cut
 * transfer is never taken for a complete one. A side that ended in order and then refuses the rest (an engine that
 * answers a request early and closes) loses the other nothing: what it sent is delivered before the join is cut.
 * A reader that is slow pauses only its own source.
 *
 * Resolves when both are closed, never rejects.
 */
export function joinDuplex(a: Duplex, b: Duplex, hooks: JoinHooks = {}): Promise<JoinEnd> {
  return new Promise((resolve) => {
    const join = new Join(resolve);
    join.add(a, b, hooks.fromA);
    join.add(b, a, hooks.fromB);
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

  add(from: Duplex, to: Duplex, hook?: JoinHook): void {
    this.#open.add(from);
    let held = false;
    let sinkEnded = false;
    to.on('finish', () => {
      sinkEnded = true;
    });
    from.on('data', (chunk: Buffer) => {
      const hold = hook?.(chunk);
      if (hold === undefined) {
        if (!to.write(chunk)) from.pause();
        return;
      }
      held = true;
      from.pause();
      void hold.then(() => {
        held = false;
        if (to.write(chunk)) from.resume();
      });
    });
    to.on('drain', () => {
      // A piece that is held back must not be overtaken by those behind it.
      if (!held) from.resume();
    });
    from.on('end', () => {
      this.#ended.add(from);
      to.end();
    });
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
