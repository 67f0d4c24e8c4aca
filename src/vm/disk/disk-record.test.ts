import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readDiskRecord, writeDiskRecord } from './disk-record.js';

let directory = '';
let file = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bulkhead-record-'));
  file = join(directory, 'disk.json');
});
afterEach(() => rm(directory, { recursive: true }));

test('nothing is recorded of a disk that was never moved', () => {
  expect(readDiskRecord(file)).toBeUndefined();
});

test('what was written is read, by its owner alone', async () => {
  const record = { format: 1, file: '/b/data.raw', superseded: '/a/data.raw' } as const;
  writeDiskRecord(file, record);
  expect(readDiskRecord(file)).toEqual(record);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
});

test.each([
  ['cut off', '{"format":1,"fi'],
  ['of a later version', '{"format":2,"file":"/a"}'],
  ['with more than is known', '{"format":1,"file":"/a","elsewhere":"/b"}'],
  ['with a relative path', '{"format":1,"file":"a"}'],
  ['that would have the disk in use removed', '{"format":1,"file":"/a","superseded":"/a"}'],
  ['likewise, as a copy', '{"format":1,"file":"/a","copying":"/a"}'],
])(
  'a record %s is refused, with its name: without it the VM would start with an empty disk',
  async (_what, text) => {
    await writeFile(file, text);
    expect(() => readDiskRecord(file)).toThrow(expect.objectContaining({ code: 'BH_DISK_RECORD' }));
    expect(() => readDiskRecord(file)).toThrow(file);
  },
);
