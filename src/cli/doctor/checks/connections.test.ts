import { expect, test } from 'vitest';
import { judged } from '../test-support/judged.js';
import { connectionsCheck } from './connections.js';

test.each([524_288, 16_384, undefined])('with %s descriptors there is nothing to say', (descriptors) => {
  expect(judged(connectionsCheck, { descriptors })).toEqual([]);
});

test('where a process may have few, what containers have of them is said', () => {
  expect(judged(connectionsCheck, { descriptors: 4096 })).toEqual([
    expect.stringMatching(
      /^warning: .* have 256 connections .* one of them 128; more are refused → .*ulimit -Hn.* to 16384 or more/,
    ),
  ]);
});
