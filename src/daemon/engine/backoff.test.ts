import { expect, test } from 'vitest';
import { firstDelayMs, healthyAfterMs, longestDelayMs, nextDelay } from './backoff.js';

test('doubles up to the longest delay while failures come quickly', () => {
  const delays: number[] = [];
  for (let previous = 0; delays.length < 10;) {
    previous = nextDelay(previous, 5);
    delays.push(previous);
  }
  expect(delays).toEqual([250, 500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
});

test('starts over once the service has been healthy', () => {
  expect(nextDelay(longestDelayMs, healthyAfterMs)).toBe(firstDelayMs);
  expect(nextDelay(longestDelayMs, healthyAfterMs - 1)).toBe(longestDelayMs);
});
