import { codeOf, messageOf } from '../../common/cause.js';
import type { Clock } from '../../common/clock.js';

/** What became of the lines that were to be sent, for the health of bulkheadd. */
export interface ExportHealth {
  /** Taken by the collector. */
  readonly sent: number;
  /** Given up, because the collector took none for too long, or not this one. They are in the log all the same. */
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

/** HTTP: what was sent is malformed or too large, and will be as often as it is sent (RFC 9110 §15.5.1, §15.5.14). */
const refusals: ReadonlySet<unknown> = new Set([400, 413]);

/**
 * Sends items in order, and keeps a bounded number of them while nobody takes them: then the oldest are dropped, and counted. A batch that the collector
 * refuses for what is in it is sent in halves, down to one item, which is dropped: threat is one line, or many long ones, behind which no other
 * leaves the machine.
 */
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
    let size = batch;
    await clock.sleep(gatherMs);
    while (this.#waiting.length > 0) {
      const items = this.#waiting.splice(0, size);
      try {
        await send(items);
        this.#sent += items.length;
        this.#lastError = null;
        pause = firstPauseMs;
        size = Math.min(2 * size, batch);
      } catch (error) {
        this.#lastError = messageOf(error);
        if (refusals.has(codeOf(error))) {
          size = Math.ceil(items.length / 2);
          if (items.length === 1) this.#dropped += 1;
          else this.#waiting.unshift(...items);
          continue;
        }
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
