import { expect, test } from 'vitest';
import { BulkheadError } from '../../../common/errors/bulkhead-error.js';
import { judged } from '../test-support/judged.js';
import { diskSpaceCheck } from './disk-space.js';

const gibibyte = 1024 ** 3;
const facts = {
  directory: '/s',
  free: 100 * gibibyte,
  failure: undefined,
  dataDisk: undefined,
  build: undefined,
};
const away = new BulkheadError('BH_DISK_AWAY', { dataDisk: '/m/disk.raw' });

test.each([
  [{}, ['ok: 100 GiB are free for the data disk (/s)']],
  [{ free: gibibyte / 2 }, [/^problem: 512 MiB .*less than 1024 MiB/]],
  [
    { free: 10 * gibibyte, dataDisk: { size: 64 * gibibyte, taken: 4 * gibibyte } },
    [/^warning: 10 GiB .*may still grow by 60 GiB/],
  ],
  [
    { failure: away, free: 0 },
    [/^problem: The data disk was moved to \/m\/disk\.raw, and is not there → Mount/],
  ],
  [{ dataDisk: { size: 64 * gibibyte, taken: 4 * gibibyte } }, [/^ok/]],
  [{ build: { cacheDir: '/c', free: gibibyte } }, [/^ok/, /^problem: 1\.0 GiB are free in \/c/]],
  [{ build: { cacheDir: '/c', free: 2 * gibibyte } }, [/^ok/]],
])('%j', (given, expected) => {
  const found = judged(diskSpaceCheck, { ...facts, ...given });
  expect(found).toHaveLength(expected.length);
  for (const [index, text] of expected.entries()) expect(found[index]).toMatch(text);
});
