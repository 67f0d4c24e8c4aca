import { expect, test } from 'vitest';
import { judged } from '../test-support/judged.js';
import { clockCheck } from './clock.js';

const now = Date.parse('2026-11-22T00:00:00Z');
const facts = { now, imageFrom: '2026-11-01T00:00:00Z', seen: now - 1000 };

test.each([
  [{}, 'ok: 2026-11-22T00:00:00.000Z'],
  [{ imageFrom: undefined, seen: undefined }, /^ok/],
  [{ imageFrom: '2026-11-23T00:00:00Z' }, /^problem: .*before the image's packages were made/],
  [{ seen: now + 60_000 }, /^ok/],
  [{ seen: now + 86_400_000 }, /^warning: .*2026-11-23T00:00:00\.000Z was seen here/],
])('%j', (given, text) => {
  expect(judged(clockCheck, { ...facts, ...given })[0]).toMatch(text);
});
