import { expect, test } from 'vitest';
import { LargeBody } from './large-body.js';

const mebibyte = 1 << 20;
const chunks = { at: 'size' } as const;

test('a body is large when a mebibyte of it has passed, and again after each other one', () => {
  const body = new LargeBody();
  const told = Array.from({ length: 32 }, (_, at) => body.isLarge(mebibyte / 8, chunks, at));
  expect(told.flatMap((large, at) => (large ? [at] : []))).toEqual([7, 15, 23, 31]);
});

test('what flows for ever, but slowly, is not large', () => {
  const body = new LargeBody();
  for (let second = 0; second < 1000; second += 0.5)
    expect(body.isLarge(mebibyte / 4, chunks, second * 1000)).toBe(false);
});

test('nor what has little left', () => {
  const body = new LargeBody();
  expect(body.isLarge(4 * mebibyte, { at: 'counted', left: mebibyte - 1 }, 0)).toBe(false);
  expect(body.isLarge(1, { at: 'counted', left: mebibyte }, 0)).toBe(true);
});

test('a body that comes back again and again is left alone at last', () => {
  const body = new LargeBody();
  const told = Array.from({ length: 100 }, () => body.isLarge(mebibyte, chunks, 0));
  expect(told.filter(Boolean).length).toBe(16);
});
