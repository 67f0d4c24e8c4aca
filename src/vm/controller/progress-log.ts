import type { Progress } from './progress.js';

/** Keeps what happened since the controller started, so that one who comes late is told everything. */
export class ProgressLog {
  readonly #history: Progress[] = [];
  readonly #listeners = new Set<(progress: Progress) => void>();

  add(progress: Progress): void {
    this.#history.push(progress);
    for (const listener of this.#listeners) listener(progress);
  }

  /** Calls back for everything so far, then for everything new. Returns the way to stop. */
  follow(listener: (progress: Progress) => void): () => void {
    for (const progress of this.#history) listener(progress);
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
