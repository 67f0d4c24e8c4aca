import { messageOf } from '../../common/cause.js';
import type { Clock } from '../../common/clock.js';

/** What became of the lines that were to be sent, for the health of bulkheadd. */
export interface ExportHealth {
  /** Taken by the collector. */
  readonly sent: number;
  /** Given up, because the collector took none for too long. They are in the log all the same. */
  readonly dropped: number;
  readonly waiting: number;
  /** Why the last attempt did not succeed; null when it did. */
  readonly lastError: string | null;
}

export interface ExportQueueOptions<Item> {
  /** Rejects when the collector did not take them. */
  readonly send: (items: readonly Item[]) => Promise<void>;
  readonly clock: Clock;
  /** Items that wait for the collector; 2048. */
  readonly most?: number;
}

/** Items of one request to the collector. */
const batch = 512;
/** Milliseconds in which items are gathered. */
const gatherMs = 1000;
/** Milliseconds until the next attempt, at first and at most. */
const firstPauseMs = 1000;
const longestPauseMs = 60_000;

/** Sends items in order, and keeps a bounded number of them while nobody takes them: then the oldest are dropped, and counted. */
export class ExportQueue<Item> {
  readonly #options: ExportQueueOptions<Item>;
  readonly #waiting: Item[] = [];
  #running = false;
  #sent = 0;
  #dropped = 0;
  #lastError: string | null = null;

  constructor(options: ExportQueueOptions<Item>) {
    this.#options = options;
  }

  add(item: Item): void {
    this.#waiting.push(item);
    this.#bound();
    if (!this.#running) void this.#run();
  }

  health(): ExportHealth {
    const [sent, dropped, waiting, lastError] = [
      this.#sent,
      this.#dropped,
      this.#waiting.length,
      this.#lastError,
    ];
    return { sent, dropped, waiting, lastError };
  }

  async #run(): Promise<void> {
    const { send, clock } = this.#options;
    this.#running = true;
    let pause = firstPauseMs;
    await clock.sleep(gatherMs);
    while (this.#waiting.length > 0) {
      const items = this.#waiting.splice(0, batch);
      try {
        await send(items);
        this.#sent += items.length;
        this.#lastError = null;
        pause = firstPauseMs;
      } catch (error) {
        this.#lastError = messageOf(error);
        this.#waiting.unshift(...items);
        this.#bound();
        await clock.sleep(pause);
        pause = Math.min(2 * pause, longestPauseMs);
      }
    }
    this.#running = false;
  }

  #bound(): void {
    const { most = 2048 } = this.#options;
    const over = this.#waiting.length - most;
    if (over <= 0) return;
    this.#waiting.splice(0, over);
    this.#dropped += over;
  }
}
