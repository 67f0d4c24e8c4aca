import { readFileSync } from 'node:fs';
import { uptime } from 'node:os';
import { expect, test } from 'vitest';
import { isDisplaced, isStuck, parseInit } from './stuck-starts.js';

test.each([
  ['S', 5, false],
  ['D', 119, false],
  ['T', 0, true],
  ['t', 0, true],
  ['S', 121, true],
  ['R', 121, true],
])('a runc init in state %s after %d s: stuck is %s', (state, ageSeconds, stuck) => {
  expect(isStuck({ state, ageSeconds, displaced: false, awaitsStart: false })).toBe(stuck);
});

test.each([
  ['S', 100_000, false],
  ['T', 0, true],
])('one that waits for dockerd, in state %s after %d s: stuck is %s', (state, ageSeconds, stuck) => {
  expect(isStuck({ state, ageSeconds, displaced: false, awaitsStart: true })).toBe(stuck);
});

test.each([
  ['/docker/ID', false],
  ['/docker/buildkit/abc', false],
  ['/docker/ID/own', true],
  ['/docker/ID/own/deeper', true],
  ['/docker/buildx/ID/own', true],
])('a runc init in the freezer %s: displaced is %s, and stuck once it is frozen', (path, displaced) => {
  const freezer = path.replace('ID', 'a1'.repeat(32));
  const elsewhere = `/docker/${'b2'.repeat(32)}/own`;
  expect(isDisplaced(`8:pids:${elsewhere}\n6:freezer:${freezer}\n0::/\n`)).toBe(displaced);
  expect(isStuck({ state: 'D', ageSeconds: 1, displaced, awaitsStart: false })).toBe(displaced);
  expect(isStuck({ state: 'S', ageSeconds: 1, displaced, awaitsStart: false })).toBe(false);
});

test('what is read of a process is its own', () => {
  const { pid, state, parent, ageSeconds } = parseInit(readFileSync('/proc/self/stat', 'latin1'), uptime());
  expect([pid, parent]).toEqual([process.pid, process.ppid]);
  expect(state).toMatch(/^[RSD]$/);
  expect(ageSeconds).toBeGreaterThanOrEqual(0);
  expect(ageSeconds).toBeLessThan(uptime());
});

test('a name with blanks and parentheses is no field', () => {
  const fields = ['S', '7', ...Array.from({ length: 17 }, () => '0'), '250'];
  expect(parseInit(`12 (a) b) ${fields.join(' ')}`, 10)).toEqual({
    pid: 12,
    state: 'S',
    parent: 7,
    ageSeconds: 7.5,
  });
});
