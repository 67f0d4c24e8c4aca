import { expect, test } from 'vitest';
import { parseSharedList, stillShared } from './shared-list.js';

test('the list says what is mounted, in order', () => {
  expect(parseSharedList('')).toEqual([]);
  expect(parseSharedList('rw\0/home/u/a b\0ro\0/srv\0')).toEqual([
    { path: '/home/u/a b', readOnly: false },
    { path: '/srv', readOnly: true },
  ]);
  expect(parseSharedList('ro\0/srv\0ro+\0/link\0')).toEqual([
    { path: '/srv', readOnly: true },
    { path: '/link', readOnly: true },
  ]);
});

test.each(['rw', 'rw\0/srv', 'rw\0srv\0', 'rx\0/srv\0', 'rw++\0/srv\0', 'rw\0/\0', 'rw\0/srv\0ro\0', '\0'])(
  'a list like %j is not believed',
  (text) => {
    expect(() => parseSharedList(text)).toThrow('malformed');
  },
);

test('what is not mounted any more is not shared', () => {
  const shared = ['/home/u/a', '/srv'].map((path) => ({ path, readOnly: false }));
  const mounts = [
    '40 30 0:50 / /srv rw,nosuid - virtiofs share1 rw',
    '29 1 0:20 / / ro - tmpfs bulkhead-root ro',
  ];
  expect(stillShared(shared, [...mounts, ''])).toEqual(shared.slice(1));
});
