import fc from 'fast-check';
import { expect, test } from 'vitest';
import { matchesGlob } from './glob.js';

test('as a regular expression would say', () => {
  const text = fc.stringMatching(/^[ab?.]{0,12}$/);
  const pattern = fc.stringMatching(/^[ab?.*]{0,8}$/);
  fc.assert(
    fc.property(text, pattern, fc.boolean(), (text, pattern, question) => {
      const escaped = pattern.replaceAll('.', '\\.').replaceAll('?', question ? '.' : '\\?');
      const expected = new RegExp(`^${escaped.replaceAll(/\*+/g, '.*')}$`).test(text);
      expect(matchesGlob(text, pattern, question ? '?' : undefined)).toBe(expected);
    }),
    { numRuns: 5000 },
  );
});

test('is done with what a regular expression is not', () => {
  const begun = performance.now();
  expect(matchesGlob('a'.repeat(5000), `${'*a'.repeat(50)}b`)).toBe(false);
  expect(performance.now() - begun).toBeLessThan(1000);
});
