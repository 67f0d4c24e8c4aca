/** Why what was under way was not waited for any longer. */
export class Hurried extends Error {
  constructor() {
    super('a directory was taken away by force, which comes first');
  }
}

/** @param hurry aborted, with `Hurried`, when something waits that can't. */
type Work<T> = (hurry: AbortSignal) => Promise<T>;
type Turn = () => Promise<void>;

/** One work after the other. What can't wait comes before all that waits, and hurries what is under way unless that could not wait either. */
export class Turns {
  readonly #first: Turn[] = [];
  readonly #waiting: Turn[] = [];
  #isBusy = false;
  #hurry: AbortController | undefined;

  take<T>(work: Work<T>): Promise<T> {
    const hurry = new AbortController();
    return this.#begin(this.#waiting, () => {
      this.#hurry = hurry;
      return work(hurry.signal);
    });
  }

  /** Nobody hurries this. */
  takeFirst<T>(work: Work<T>): Promise<T> {
    this.#hurry?.abort(new Hurried());
    return this.#begin(this.#first, () => work(new AbortController().signal));
  }

  #begin<T>(queue: Turn[], work: () => Promise<T>): Promise<T> {
    const done = Promise.withResolvers<T>();
    queue.push(async () => {
      try {
        done.resolve(await work());
      } catch (error) {
        done.reject(error);
      }
    });
    // Not before who asked for it has the promise.
    queueMicrotask(() => void this.#workOff());
    return done.promise;
  }

  async #workOff(): Promise<void> {
    if (this.#isBusy) return;
    this.#isBusy = true;
    for (let turn = this.#next(); turn !== undefined; turn = this.#next()) {
      await turn();
      this.#hurry = undefined;
    }
    this.#isBusy = false;
  }

  #next(): Turn | undefined {
    return this.#first.shift() ?? this.#waiting.shift();
  }
}

/** Aborted after a time, or that much after somebody hurries, whichever comes first. */
export function patience(hurry: AbortSignal, ms: number, hurriedMs: number): AbortSignal {
  const over = new AbortController();
  const usual = AbortSignal.timeout(ms);
  usual.addEventListener('abort', () => over.abort(usual.reason));
  const hurried = (): void => {
    const soon = AbortSignal.timeout(hurriedMs);
    soon.addEventListener('abort', () => over.abort(hurry.reason));
  };
  if (hurry.aborted) hurried();
  else hurry.addEventListener('abort', hurried, { once: true });
  return over.signal;
}
