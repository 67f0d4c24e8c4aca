import { expect, test } from 'vitest';
import { initialUptimeSeconds } from './uptime.js';

test.each([
  [100.9, 'monotonic           0         0\nboottime            0         0\n', 100],
  [7.5, 'monotonic           0         0\nboottime         -5000        0\n', 5007],
  [7.5, 'boottime 3 600000000', 3],
  [7.5, '', 7],
])('up %d s by its own clock with the offsets %j is up %i s', (own, offsets, expected) => {
  expect(initialUptimeSeconds(own, offsets)).toBe(expected);
});
