import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type FreeSpace, hasRoom, isFull, StorageReserve } from './storage-reserve.js';

const [mebibyte, plenty] = [1024 * 1024, { bytes: 2 ** 33, inodes: 1_000_000 }];
const full: FreeSpace = { bytes: 0, inodes: 0 };

let parent: string;
let free: FreeSpace;
let reserve: StorageReserve;
const directory = (): string => join(parent, 'reserve');
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'bulkhead-reserve-'));
  free = plenty;
  reserve = new StorageReserve({ directory: directory(), freeSpace: () => free });
});
afterEach(() => rmSync(parent, { recursive: true }));

test.each([
  ['no block', { bytes: 0, inodes: 1_000_000 }, true, false],
  ['no inode', { bytes: 2 ** 33, inodes: 0 }, true, false],
  ['little', { bytes: 3 * mebibyte, inodes: 1_000_000 }, true, false],
  ['some', { bytes: 8 * mebibyte, inodes: 500 }, false, false],
  ['plenty', plenty, false, true],
  ['plenty, without a number of inodes', { bytes: 2 ** 33, inodes: undefined }, false, true],
] as const)('with %s free', (_, space, isItFull, hasItRoom) => {
  expect([isFull(space), hasRoom(space)]).toEqual([isItFull, hasItRoom]);
});

test('is put aside, holds blocks, and is given back a portion at a time while the disk is full', async () => {
  await reserve.fill();
  await reserve.fill();
  const files = readdirSync(directory(), { recursive: true, withFileTypes: true });
  const blocks = files
    .filter((entry) => entry.isFile())
    .map((entry) => statSync(join(entry.parentPath, entry.name)).blocks);
  expect([files.length, blocks.length, blocks.every((count) => count >= 64)]).toEqual([264, 256, true]);

  expect(reserve.release()).toBeUndefined();
  free = full;
  expect([reserve.release(), reserve.release()]).toEqual([7, 6]);
  await reserve.fill();
  expect(readdirSync(directory())).toHaveLength(6);
  free = plenty;
  await reserve.fill();
  expect(readdirSync(directory())).toHaveLength(8);
});

test('where none was put aside there is nothing to give back', () => {
  free = full;
  expect(reserve.release()).toBeUndefined();
});

test('stops when there is no more room', async () => {
  let left = 3;
  reserve = new StorageReserve({
    directory: directory(),
    freeSpace: () => ((left -= 1) < 0 ? full : plenty),
  });
  await reserve.fill();
  expect(readdirSync(directory())).toHaveLength(3);
});
