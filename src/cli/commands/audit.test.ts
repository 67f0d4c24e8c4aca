import { expect, test } from 'vitest';
import { instantOf } from './audit.js';

const now = Date.parse('2026-11-21T12:00:00Z');

test.each([
  ['90s', '2026-11-21T11:58:30.000Z'],
  ['15m', '2026-11-21T11:45:00.000Z'],
  ['2h', '2026-11-21T10:00:00.000Z'],
  ['7d', '2026-11-14T12:00:00.000Z'],
  ['2026-11-21', '2026-11-21T00:00:00.000Z'],
  ['2026-11-21T10:00Z', '2026-11-21T10:00:00.000Z'],
  ['2026-11-21T10:00:01.5+02:00', '2026-11-21T08:00:01.500Z'],
])('--since %s is %s', (text, instant) => {
  expect(instantOf(text, now)).toBe(instant);
});

test.each(['', 'yesterday', '-5m', '5', '5w', '1e3s', '2026-11-21T10:00', '2026-13-21', '999999d'])(
  '--since %j is refused',
  (text) => {
    expect(() => instantOf(text, now)).toThrow('2026-11-21T10:00Z');
  },
);
