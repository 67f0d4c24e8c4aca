import type { Clock } from '../../common/clock.js';

interface Sleeper {
  readonly due: number;
  readonly wake: () => void;
}

/** A clock that stands still until told otherwise. */
export class ManualClock implements Clock {
  #now = 0;
  readonly #sleepers = new Set<Sleeper>();
  #onSleep: (() => void)[] = [];

  now(): number {
    return this.#now;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) return reject(signal.reason);
      const sleeper = { due: this.#now + ms, wake: () => finish(resolve) };
      const abort = (): void => finish(() => reject(signal?.reason));
      const finish = (act: () => void): void => {
        this.#sleepers.delete(sleeper);
        signal?.removeEventListener('abort', abort);
        act();
      };
      signal?.addEventListener('abort', abort);
      this.#sleepers.add(sleeper);
      for (const told of this.#onSleep.splice(0)) told();
    });
  }

  /** Moves time forward once somebody sleeps for exactly `ms` from now, and wakes those that are due. */
  async advanceWhenSleeping(ms: number): Promise<void> {
    while (![...this.#sleepers].some((sleeper) => sleeper.due === this.#now + ms)) {
      await new Promise<void>((resolve) => this.#onSleep.push(resolve));
    }
    this.#now += ms;
    for (const sleeper of this.#sleepers) if (sleeper.due <= this.#now) sleeper.wake();
  }
}
