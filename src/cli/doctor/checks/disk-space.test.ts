import { expect, test } from 'vitest';
import { judged } from '../test-support/judged.js';
import { diskSpaceCheck } from './disk-space.js';

const gibibyte = 1024 ** 3;
const facts = { stateDir: '/s', stateFree: 100 * gibibyte, dataDisk: undefined, build: undefined };

test.each([
  [{}, ['ok: 100 GiB are free for the data disk (/s)']],
  [{ stateFree: gibibyte / 2 }, [/^problem: 512 MiB .*less than 1024 MiB/]],
  [
    { stateFree: 10 * gibibyte, dataDisk: { size: 64 * gibibyte, taken: 4 * gibibyte } },
    [/^warning: 10 GiB .*may still grow by 60 GiB/],
  ],
  [{ dataDisk: { size: 64 * gibibyte, taken: 4 * gibibyte } }, [/^ok/]],
  [{ build: { cacheDir: '/c', free: gibibyte } }, [/^ok/, /^problem: 1\.0 GiB are free in \/c/]],
  [{ build: { cacheDir: '/c', free: 2 * gibibyte } }, [/^ok/]],
])('%j', (given, expected) => {
  const found = judged(diskSpaceCheck, { ...facts, ...given });
  expect(found).toHaveLength(expected.length);
  for (const [index, text] of expected.entries()) expect(found[index]).toMatch(text);
});
