import { expect, test } from 'vitest';
import { durationText } from './duration-text.js';
import { sizeText } from './size-text.js';

test.each([
  [0, '0 B'],
  [1023, '1023 B'],
  [1024, '1.0 KiB'],
  [1.55 * 1024 ** 2, '1.6 MiB'],
  [9.96 * 1024 ** 3, '10 GiB'],
  [64 * 1024 ** 3, '64 GiB'],
  [5000 * 1024 ** 4, '5000 TiB'],
])('%d bytes', (bytes, text) => {
  expect(sizeText(bytes)).toBe(text);
});

test.each([
  [-5, '0 s'],
  [999, '0 s'],
  [59_999, '59 s'],
  [60_000, '1 min'],
  [7_200_000, '2 h'],
  [86_400_000, '1 day'],
  [3 * 86_400_000, '3 days'],
])('%d ms', (ms, text) => {
  expect(durationText(ms)).toBe(text);
});
