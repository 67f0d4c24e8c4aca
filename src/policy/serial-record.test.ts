import { expect, test } from 'vitest';
import { parseSerialRecord, serialRecordText } from './serial-record.js';

test('what was written is read, and no record is 0', () => {
  expect(parseSerialRecord(serialRecordText(41), 'record')).toBe(41);
  expect(parseSerialRecord(undefined, 'record')).toBe(0);
});

test.each(['', '\0\0\0', '{}', '{"serial":"7"}', '{"serial":-1}', '{"serial":7', '7'])(
  'a damaged one is not taken for none: %j',
  (text) => {
    expect(() => parseSerialRecord(text, 'record')).toThrow('record');
  },
);
