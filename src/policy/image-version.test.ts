import { expect, test } from 'vitest';
import { isAtLeast } from './image-version.js';

test.each([
  ['1.2.3', '1.2.3', true],
  ['1.2', '1.2.0', true],
  ['0.10', '0.9', true],
  ['2', '1.9.9', true],
  ['0.1.0', '0.1.1', false],
  ['0.9', '0.10', false],
  ['1', '1.0.0.1', false],
])('%s against a minimum of %s: %s', (version, minimum, expected) => {
  expect(isAtLeast(version, minimum)).toBe(expected);
});
