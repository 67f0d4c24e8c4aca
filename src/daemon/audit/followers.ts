/** Lines held for one reader that is slow; then the oldest are passed over, and the reader is told. */
const mostHeld = 5000;

/** Hands new lines on to readers that wait for them, at their own pace. */
export class Followers {
  readonly #followers = new Set<(line: string) => void>();

  tell(line: string): void {
    for (const follower of this.#followers) follower(line);
  }

  /** New lines from now on, even if nobody reads yet, until the signal aborts; `{"kind":"behind"}` where some were passed over. */
  follow(signal: AbortSignal, limit = mostHeld): AsyncGenerator<string, void, undefined> {
    const queue: string[] = [];
    const state = { missed: 0 };
    let wake: (() => void) | undefined;
    const follower = (line: string): void => {
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

    async function* drain(): AsyncGenerator<string, void, undefined> {
      try {
        while (!signal.aborted) {
          if (state.missed > 0) yield JSON.stringify({ kind: 'behind', count: missed() });
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
      }
    }

    function missed(): number {
      const { missed: count } = state;
      state.missed = 0;
      return count;
    }
  }
}
