import { abortable } from '../../common/abort.js';
import { BulkheadError } from '../../common/errors/bulkhead-error.js';

/**
 * A look at a directory that is given up after a time: its file system may be one of another machine that is gone. Threat: what waits for it waits for ever, also who takes another
 * directory away by force; and each such look holds one of the few threads by which this process reads files, so while one is held no other is begun.
 */
export class TimelyLook {
  readonly #mostMs: number;
  #isHeld = false;

  constructor(mostMs: number) {
    this.#mostMs = mostMs;
  }

  /**
   * @param look is to change nothing once the signal is aborted.
   * @param close gets what comes too late.
   * @throws BH_SHARE_UNUSABLE, and what the look throws.
   */
  async at<T>(
    path: string,
    look: (over: AbortSignal) => Promise<T>,
    close: (late: T) => Promise<void>,
  ): Promise<T> {
    const unusable = (reason: string, cause?: unknown): BulkheadError =>
      new BulkheadError('BH_SHARE_UNUSABLE', { path, reason }, { cause });
    if (this.#isHeld) throw unusable('the file system of one before it has not answered yet');
    this.#isHeld = true;
    const over = AbortSignal.timeout(this.#mostMs);
    const found = look(over).finally(() => {
      this.#isHeld = false;
    });
    try {
      return await abortable(found, over);
    } catch (error) {
      if (!over.aborted) throw error;
      found.then(close).catch(() => undefined);
      throw unusable(`its file system has not answered within ${this.#mostMs / 1000} s`, error);
    }
  }
}
