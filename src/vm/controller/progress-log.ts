import type { Progress } from './progress.js';

/** Keeps what happened since the controller started, so that one who comes late can be told. */
export class ProgressLog {
  readonly #history: Progress[] = [];
  readonly #listeners = new Set<(progress: Progress) => void>();

  add(progress: Progress): void {
    this.#history.push(progress);
    for (const listener of this.#listeners) listener(progress);
  }

  /** Calls back for everything so far, or the last of it only, then for everything new. Returns the way to stop. */
  follow(listener: (progress: Progress) => void, from: 'start' | 'last' = 'start'): () => void {
    for (const progress of from === 'start' ? this.#history : this.#history.slice(-1)) listener(progress);
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
