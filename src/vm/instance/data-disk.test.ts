import { mkdir, mkdtemp, open, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { blankMarker, checkFreeSpace, ensureDataDisk } from './data-disk.js';

let directory = '';
let disk = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bulkhead-disk-'));
  disk = join(directory, 'data.raw');
});
afterEach(() => rm(directory, { recursive: true }));

test('a new disk is sparse, private and bears the marker of docs/architecture.md', async () => {
  expect(await ensureDataDisk({ dataDisk: disk }, 65_536)).toEqual({ created: true, sizeMiB: 65_536 });
  const found = await stat(disk);
  expect(found.size).toBe(64 * 1024 ** 3);
  expect(found.blocks * 512).toBeLessThan(1024 * 1024);
  expect(found.mode & 0o777).toBe(0o600);
  await using file = await open(disk);
  const { buffer } = await file.read(Buffer.alloc(33), 0, 33, 0);
  expect(buffer.toString('latin1')).toBe('BULKHEAD-BLANK-DATA-DISK-v1\0\0\0\0\0\0');
  expect(blankMarker).toHaveLength(32);
});

test('an existing disk is left as it is, whatever size is asked for', async () => {
  await ensureDataDisk({ dataDisk: disk }, 512);
  await using file = await open(disk, 'r+');
  await file.write('EXT4');
  expect(await ensureDataDisk({ dataDisk: disk }, 1024)).toEqual({ created: false, sizeMiB: 512 });
  expect((await stat(disk)).size).toBe(512 * 1024 ** 2);
  const { buffer } = await file.read(Buffer.alloc(4), 0, 4, 0);
  expect(buffer.toString()).toBe('EXT4');
});

test('a draft of a killed controller is not taken for a disk', async () => {
  await writeFile(`${disk}.new`, 'half');
  await ensureDataDisk({ dataDisk: disk }, 512);
  expect((await readFile(disk)).subarray(0, 32)).toEqual(blankMarker);
  await expect(stat(`${disk}.new`)).rejects.toMatchObject({ code: 'ENOENT' });
});

test.each([
  ['cut off', () => writeFile(disk, blankMarker)],
  ['not whole sectors', () => writeFile(disk, '').then(() => truncate(disk, 512 * 1024 ** 2 + 1))],
  ['a directory', () => mkdir(disk)],
])('a disk that is %s is refused and kept', async (_what, make) => {
  await make();
  await expect(ensureDataDisk({ dataDisk: disk })).rejects.toMatchObject({
    code: 'BH_DATA_DISK_INVALID',
    params: { dataDisk: disk },
  });
  await expect(stat(disk)).resolves.toBeDefined();
});

test('a disk that was there before is not made anew where it has vanished', async () => {
  const vanished = { code: 'BH_DISK_AWAY', params: { dataDisk: disk } };
  await expect(ensureDataDisk({ dataDisk: disk, diskRecorded: true })).rejects.toMatchObject(vanished);
  const elsewhere = join(directory, 'unmounted', 'data.raw');
  await expect(ensureDataDisk({ dataDisk: elsewhere, diskRecorded: true })).rejects.toMatchObject({
    code: 'BH_DISK_AWAY',
  });
  expect(await readdir(directory)).toEqual([]);
  await ensureDataDisk({ dataDisk: disk, diskRecorded: false }, 512);
  expect(await ensureDataDisk({ dataDisk: disk, diskRecorded: true })).toEqual({
    created: false,
    sizeMiB: 512,
  });
});

test('too little space is said before anything is made', async () => {
  const statfs = async () => ({ bavail: 10, bsize: 4096 });
  await expect(checkFreeSpace('/x', 1024, statfs)).rejects.toMatchObject({
    code: 'BH_DISK_SPACE',
    exitCode: 74,
    params: { directory: '/x', available: 0, needed: 1024 },
  });
  await expect(checkFreeSpace('/x', 0, statfs)).resolves.toBeUndefined();
});
