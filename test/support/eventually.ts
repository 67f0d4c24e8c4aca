import { setTimeout as delay } from 'node:timers/promises';

/** Tries until `check` stops throwing, or throws its last error after `deadlineMs`. For states nothing announces. */
export async function eventually<T>(check: () => Promise<T>, deadlineMs: number): Promise<T> {
  const end = performance.now() + deadlineMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (performance.now() > end) throw error;
      await delay(100);
    }
  }
}
