/** How one reader follows. */
export interface Following<Line> {
  /** Lines held while the reader is slow; then the oldest are passed over. */
  readonly limit: number;
  /** Lines to begin with. */
  readonly held?: readonly Line[];
  readonly wanted?: (line: Line) => boolean;
  /** What tells the reader that so many lines were passed over; without it nobody tells. */
  readonly behind?: (count: number) => Line;
}

/** Hands new lines on to readers that wait for them, at their own pace. */
export class Followers<Line> {
  readonly #followers = new Set<(line: Line) => void>();

  tell(line: Line): void {
    for (const follower of this.#followers) follower(line);
  }

  /** New lines from now on, even if nobody reads yet, until the signal aborts. */
  follow(
    signal: AbortSignal,
    { limit, held = [], wanted = () => true, behind }: Following<Line>,
  ): AsyncGenerator<Line, void, undefined> {
    const queue = held.filter(wanted);
    const state = { missed: 0 };
    let wake: (() => void) | undefined;
    const follower = (line: Line): void => {
      if (!wanted(line)) return;
      queue.push(line);
      if (queue.length > limit) {
        queue.shift();
        state.missed += 1;
      }
      wake?.();
    };
    const stop = (): void => {
      this.#followers.delete(follower);
      wake?.();
    };
    this.#followers.add(follower);
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    return drain();

    async function* drain(): AsyncGenerator<Line, void, undefined> {
      try {
        while (!signal.aborted) {
          const count = missed();
          if (count > 0 && behind !== undefined) yield behind(count);
          const line = queue.shift();
          if (line !== undefined) {
            yield line;
            continue;
          }
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      } finally {
        stop();
        signal.removeEventListener('abort', stop);
      }
    }

    function missed(): number {
      const { missed: count } = state;
      state.missed = 0;
      return count;
    }
  }
}
