import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isolationRules } from './rules.js';
import { hostileRequests } from './testing/hostile.js';
import { broken, generatedSpecs, tryHostileRequests } from './testing/promises.js';

describe('any specification', () => {
  it('is refused, or its plan keeps every promise', { timeout: 600_000 }, () => {
    const numRuns = Math.ceil(generatedSpecs * 0.35);
    // A generator whose every specification is refused would show nothing about plans.
    expect(tryHostileRequests(numRuns)).toBeGreaterThan(numRuns / 20);
  });

  it.each(isolationRules.map(({ name }) => name))('would get through without rule %s', (name) => {
    const others = isolationRules.filter((rule) => rule.name !== name);
    const result = fc.check(
      fc.property(hostileRequests, (request) => broken(request, others).length === 0),
      { numRuns: 5000, endOnFailure: true },
    );
    expect(result.failed).toBe(true);
  });
});
