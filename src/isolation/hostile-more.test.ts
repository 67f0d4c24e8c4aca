import { expect, it } from 'vitest';
import { generatedSpecs, tryHostileRequests } from './testing/promises.js';

/** The other half of hostile.test.ts, with other seeds and in another worker. */
it('any specification is refused, or its plan keeps every promise', { timeout: 600_000 }, () => {
  const numRuns = Math.ceil(generatedSpecs * 0.45);
  expect(tryHostileRequests(numRuns)).toBeGreaterThan(numRuns / 20);
});
