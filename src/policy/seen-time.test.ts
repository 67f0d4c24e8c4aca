import { expect, test } from 'vitest';
import { parseSeenTime, seenTimeText } from './seen-time.js';

test('what was written is read, and no record is none', () => {
  const time = Date.parse('2026-11-21T12:00:00.123Z');
  expect(parseSeenTime(seenTimeText(time), 'record')).toEqual({ time, source: 'record' });
  expect(parseSeenTime(undefined, 'record')).toBeUndefined();
});

test.each(['', '{}', '{"seen":7}', '{"seen":"yesterday"}', '{"seen":"2026-11-21"}', '{"seen":"2026'])(
  'a damaged one is not taken for none: %j',
  (text) => {
    expect(() => parseSeenTime(text, 'record')).toThrow('record');
  },
);
