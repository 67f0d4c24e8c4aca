import { expect, test } from 'vitest';
import { printable, printableJson } from './printable.js';

const hostile = '\u001B[2J\u009B31m\u202Etxt\u007F\u{E0001}ä';

test('of what terminals act on nothing is left', () => {
  expect(printable(hostile)).toBe('[2J 31m txt ä');
  expect(printable('x'.repeat(1_000))).toHaveLength(500);
});

test('JSON says the same and holds nothing that terminals act on', () => {
  const text = printableJson(JSON.stringify({ [hostile]: hostile }));
  expect(text).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  expect(JSON.parse(text)).toEqual({ [hostile]: hostile });
});
