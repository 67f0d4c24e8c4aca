import type { Clock } from '../../common/clock.js';

/**
 * Calls `onExpired` once, `ms` milliseconds after the last `restart`, unless cancelled. Time comes from the clock alone, so that
 * a test decides when it is late.
 */
export class Deadline {
  readonly #clock: Clock;
  readonly #onExpired: () => void;
  #abort = new AbortController();

  constructor(clock: Clock, onExpired: () => void) {
    this.#clock = clock;
    this.#onExpired = onExpired;
  }

  restart(ms: number): void {
    this.cancel();
    const abort = new AbortController();
    this.#abort = abort;
    void this.#expire(ms, abort.signal);
  }

  async #expire(ms: number, signal: AbortSignal): Promise<void> {
    try {
      await this.#clock.sleep(ms, signal);
    } catch {
      return;
    }
    if (!signal.aborted) this.#onExpired();
  }

  cancel(): void {
    this.#abort.abort();
  }
}
