import { expect, test } from 'vitest';
import { GrowingBuffer } from './growing-buffer.js';

test('pieces of any length come out as one, in their order', () => {
  const gathered = new GrowingBuffer();
  const pieces = [1, 4095, 1, 70_000, 0, 3].map((length, index) => Buffer.alloc(length, index + 1));
  for (const piece of pieces) gathered.add(piece);
  expect(gathered.length).toBe(74_100);
  expect(gathered.bytes().equals(Buffer.concat(pieces))).toBe(true);
  expect(new GrowingBuffer().bytes().length).toBe(0);
});
