import { expect, test } from 'vitest';
import { parseShare } from '../vm/sharing/index.js';
import { otherShares } from './other-shares.js';

const tell = (named: string, shared: string): string | undefined => {
  const [one = [], other = []] = [named, shared].map((texts) =>
    texts.split(' ').filter(Boolean).map(parseShare),
  );
  return otherShares(one, other);
};

test.each([
  ['', '/a'],
  ['/a /b:ro', '/b:ro /a'],
  ['/a/', '/a'],
])('%j beside %j is nothing to tell of', (named, shared) => {
  expect(tell(named, shared)).toBeUndefined();
});

test.each([
  ['/a /b', '/a', 'booted without /b:rw. `bulkhead down`'],
  ['/a', '/a /b:ro', 'booted with /b:ro. `bulkhead down`'],
  ['/a:ro /c', '/a', 'booted without /a:ro, /c:rw, and with /a:rw. `bulkhead down`'],
  ['/a', '', 'booted without /a:rw. '],
])('%j beside %j wants a restart', (named, shared, text) => {
  expect(tell(named, shared)).toContain(`Restart needed: it was ${text}`);
});
