import { expect, test } from 'vitest';
import { judged } from '../test-support/judged.js';
import { memoryCheck } from './memory.js';

const gibibyte = 1024 ** 3;
const facts = { total: 8 * gibibyte, available: 4 * gibibyte, wantedMiB: 2048, running: false };

test.each([
  [{}, 'ok: 4.0 GiB of 8.0 GiB available; the VM has 2048 MiB'],
  [{ available: gibibyte }, /^warning: 1\.0 GiB/],
  [{ available: gibibyte, running: true }, /^ok/],
  [{ wantedMiB: 16_384 }, /^problem: .*16384 MiB → .*bulkhead\.memoryMiB/],
  [{ total: undefined }, /^ok: this machine does not say/],
])('%j', (given, text) => {
  expect(judged(memoryCheck, { ...facts, ...given })[0]).toMatch(text);
});
