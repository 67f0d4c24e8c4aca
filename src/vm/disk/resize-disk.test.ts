import { mkdtemp, open, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { gibibytes, resizeDisk } from './resize-disk.js';

const gibibyte = 1024 ** 3;
let directory = '';
let disk = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bulkhead-resize-'));
  disk = join(directory, 'data.raw');
  await using file = await open(disk, 'wx');
  await file.truncate(gibibyte);
});
afterEach(() => rm(directory, { recursive: true }));

test('larger: at once, and without taking space', async () => {
  expect(await resizeDisk(disk, 3 * gibibyte)).toEqual({ fromBytes: gibibyte, toBytes: 3 * gibibyte });
  const { size, blocks } = await stat(disk);
  expect([size, blocks]).toEqual([3 * gibibyte, 0]);
  expect(await resizeDisk(disk, 3 * gibibyte)).toEqual({ fromBytes: 3 * gibibyte, toBytes: 3 * gibibyte });
});

test('smaller: refused with the reason, and nothing is changed', async () => {
  await expect(resizeDisk(disk, gibibyte - 512)).rejects.toMatchObject({
    code: 'BH_DISK_SHRINK',
    params: { dataDisk: disk, size: '1' },
  });
  expect((await stat(disk)).size).toBe(gibibyte);
});

test('what the file system cannot hold is said with its words', async () => {
  await expect(resizeDisk(disk, 2 ** 62)).rejects.toMatchObject({ code: 'BH_DISK_RESIZE' });
  expect((await stat(disk)).size).toBe(gibibyte);
});

test('gibibytes with one digit', () => {
  expect([gibibytes(64 * gibibyte), gibibytes(1.26 * gibibyte), gibibytes(0)]).toEqual(['64', '1.3', '0']);
});
