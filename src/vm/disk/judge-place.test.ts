import { expect, test } from 'vitest';
import { judgePlace, type PlaceFacts } from './judge-place.js';

const ext4 = 0xef53;
const own: PlaceFacts = {
  uid: 1000,
  isDirectory: true,
  directories: [
    { path: '/', owner: 0, mode: 0o40755 },
    { path: '/tmp', owner: 0, mode: 0o41777 },
    { path: '/tmp/large', owner: 1000, mode: 0o40755 },
  ],
  fileSystem: ext4,
  freeBytes: 1000,
};
const last = (change: { owner?: number; mode?: number }): PlaceFacts => ({
  ...own,
  directories: own.directories.map((one, index) => (index === 2 ? { ...one, ...change } : one)),
});
const above = (change: { owner?: number; mode?: number }): PlaceFacts => ({
  ...own,
  directories: own.directories.map((one, index) => (index === 1 ? { ...one, ...change } : one)),
});

test('a directory of the user below one where names are kept apart is taken', () => {
  expect(judgePlace(own, 1000)).toEqual({});
});

test.each([
  ['a file', { ...own, isDirectory: false }, 'it is not a directory'],
  ['one of another user', last({ owner: 0 }), 'it belongs to user 0, not 1000'],
  ['one others may write to', last({ mode: 0o40777 }), 'others may write to it'],
  ['one its group may write to', last({ mode: 0o40775 }), 'others may write to it'],
  ['a shared one, sticky or not', last({ mode: 0o41777 }), 'others may write to it'],
  ['one below a directory others may rename in', above({ mode: 0o40777 }), 'others may write to /tmp'],
  [
    'one below a directory of another user',
    above({ owner: 1001, mode: 0o40755 }),
    '/tmp belongs to user 1001',
  ],
  [
    'one in memory',
    { ...own, fileSystem: 0x01021994 },
    'it is in memory (tmpfs) and gone with the next start of the machine',
  ],
  ['a full one', { ...own, freeBytes: 999 }, '1 MiB are free there, and 1 MiB are needed'],
])('%s is refused', (_what, place, refusal) => {
  expect(judgePlace(place, 1000)).toEqual({ refusal });
});

test.each([0x6969, 0xff534d42, 0x65735546])(
  'a network file system (%i) is taken with a warning',
  (fileSystem) => {
    expect(judgePlace({ ...own, fileSystem }, 1000).warning).toMatch(/network or user-space file system/);
  },
);
