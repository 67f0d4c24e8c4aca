import { readFileSync } from 'node:fs';
import { uptime } from 'node:os';
import { expect, test } from 'vitest';
import { isStuck, parseInit } from './stuck-starts.js';

test.each([
  ['S', 5, false],
  ['D', 119, false],
  ['T', 0, true],
  ['t', 0, true],
  ['S', 121, true],
  ['R', 121, true],
])('a runc init in state %s after %d s: stuck is %s', (state, ageSeconds, stuck) => {
  expect(isStuck({ state, ageSeconds })).toBe(stuck);
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
