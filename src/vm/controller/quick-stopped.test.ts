import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { stateNames } from '../lifecycle/state.js';
import { wasStoppedInOrder } from './quick-stopped.js';
import { writeRecord } from './record.js';

let directory: string;
let record: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'bulkhead-record-'));
  record = join(directory, 'controller.json');
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

test('of all states a controller records, `stopped` alone is one', () => {
  const told = stateNames.filter((state) => {
    writeRecord(record, { pid: 10, state });
    return wasStoppedInOrder(record);
  });
  expect(told).toEqual(['stopped']);
});

test('one that never ran left no record', () => {
  expect(wasStoppedInOrder(record)).toBe(true);
});

test('what makes no sense, has a cause or can not be read is left to who reads all of it', () => {
  writeRecord(record, { pid: 10, state: 'stopped', error: { code: 'BH_INTERNAL', params: { reason: 'x' } } });
  expect(wasStoppedInOrder(record)).toBe(false);
  writeFileSync(record, '{"pid":10,"state":"stopped"} and more');
  expect(wasStoppedInOrder(record)).toBe(false);
  expect(wasStoppedInOrder(directory)).toBe(false);
});
