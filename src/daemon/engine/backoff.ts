/** Restart delays in milliseconds: immediate failure must not spin, a rare crash must not cost a minute. */
export const firstDelayMs = 250;
export const longestDelayMs = 30_000;
/** A service that ran this long is taken as healthy again, and its next failure starts from `firstDelayMs`. */
export const healthyAfterMs = 60_000;

/** Delay before the next start of a service that ran `ranMs` and whose previous delay was `previousMs` (0 = none yet). */
export function nextDelay(previousMs: number, ranMs: number): number {
  if (previousMs === 0 || ranMs >= healthyAfterMs) return firstDelayMs;
  return Math.min(previousMs * 2, longestDelayMs);
}
