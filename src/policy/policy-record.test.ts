import { expect, test } from 'vitest';
import { highestSerialOf, parsePolicyRecord, policyRecordText } from './policy-record.js';

const sha256 = 'a'.repeat(64);

test('what was written is read, one written by hand too, and no record is none', () => {
  for (const record of [{ serial: 41, sha256 }, { serial: 41 }])
    expect(parsePolicyRecord(policyRecordText(record), 'record')).toEqual({ ...record, source: 'record' });
  expect(parsePolicyRecord(undefined, 'record')).toBeUndefined();
});

test.each([
  '',
  '\0\0\0',
  '{}',
  '{"serial":"7"}',
  '{"serial":-1}',
  '{"serial":7',
  '7',
  '{"serial":7,"sha256":"A"}',
])('a damaged one is not taken for none: %j', (text) => {
  expect(() => parsePolicyRecord(text, 'record')).toThrow('record');
});

test('the highest counts', () => {
  expect(highestSerialOf([])).toBe(0);
  expect(highestSerialOf([{ serial: 3 }, { serial: 9 }, { serial: 4 }])).toBe(9);
});
