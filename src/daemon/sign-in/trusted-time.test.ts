import { expect, test } from 'vitest';
import { createTrustedTime } from './trusted-time.js';

const hour = 3_600_000;

function clockAt(wall: number) {
  const clock = { at: wall, counted: 0 };
  return { clock, clocks: { wall: () => clock.at, monotonic: () => clock.counted } };
}

test('is the clock while that goes on', () => {
  const { clock, clocks } = clockAt(100 * hour);
  const time = createTrustedTime(0, clocks);
  clock.at += hour;
  clock.counted += hour;
  expect(time.now()).toBe(101 * hour);
  expect(time.behind()).toBeUndefined();
});

test('goes on from the highest there was when the clock is set back', () => {
  const { clock, clocks } = clockAt(100 * hour);
  const time = createTrustedTime(0, clocks);
  clock.at = 1 * hour;
  clock.counted += 2 * hour;
  expect(time.now()).toBe(102 * hour);
  expect(time.behind()).toBe(102 * hour);
});

test('goes on from what was kept, when the clock was set back before a restart', () => {
  const { clock, clocks } = clockAt(1 * hour);
  const time = createTrustedTime(100 * hour, clocks);
  expect(time.now()).toBe(100 * hour);
  clock.counted += hour;
  expect(time.now()).toBe(101 * hour);
});

test('follows a clock that is set forward, and forgives a little backwards', () => {
  const { clock, clocks } = clockAt(100 * hour);
  const time = createTrustedTime(100 * hour + 60_000, clocks);
  expect(time.behind()).toBeUndefined();
  clock.at = 200 * hour;
  expect(time.now()).toBe(200 * hour);
});
