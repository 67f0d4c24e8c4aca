import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRuntimeSpec, serialiseRuntimeSpec } from '../oci/runtime-spec.js';
import { decide } from './decide.js';
import type { Rule } from './draft.js';
import type { IsolationRequest } from './request.js';
import { isolationRules } from './rules.js';
import { harmlessPaths, hostileRequests } from './testing/hostile.js';
import { requestFor } from './testing/requests.js';
import { containerSpec } from './testing/specs.js';
import { violations } from './testing/violations.js';

/** 200,000 in the full run; a unit run takes a sample. */
const numRuns = Number(process.env['BULKHEAD_GENERATED_SPECS'] ?? '3000');

function wrong(request: IsolationRequest, rules: readonly Rule[] = isolationRules): string[] {
  const decision = decide(request, rules);
  return decision.kind === 'refusal' ? [] : violations(decision.plan, request, harmlessPaths);
}

describe('any specification', () => {
  it('is refused, or its plan keeps every promise', { timeout: 600_000 }, () => {
    let plans = 0;
    fc.assert(
      fc.property(hostileRequests, (request) => {
        if (decide(request).kind === 'plan') plans += 1;
        expect(wrong(request)).toEqual([]);
      }),
      { numRuns },
    );
    // A generator whose every specification is refused would show nothing about plans.
    expect(plans).toBeGreaterThan(numRuns / 20);
  });

  it.each(isolationRules.map(({ name }) => name).filter((name) => name !== 'privileged'))(
    'would get through without rule %s',
    (name) => {
      const others = isolationRules.filter((rule) => rule.name !== name);
      const result = fc.check(
        fc.property(hostileRequests, (request) => wrong(request, others).length === 0),
        { numRuns: 5000, endOnFailure: true },
      );
      expect(result.failed).toBe(true);
    },
  );

  it('that is malformed anywhere is refused or still keeps every promise', { timeout: 600_000 }, () => {
    const paths = pathsOf(JSON.parse(serialiseRuntimeSpec(containerSpec())));
    const junk = fc.oneof(fc.jsonValue({ maxDepth: 1 }), fc.constantFrom('', 'shared', -1, 2 ** 53));
    fc.assert(
      fc.property(fc.constantFrom(...paths), junk, (path, value) => {
        const text: unknown = JSON.parse(serialiseRuntimeSpec(containerSpec()));
        const parsed = parseRuntimeSpec(JSON.stringify(replaced(text, path, value)));
        if (!parsed.ok) return;
        expect(wrong(requestFor(parsed.spec))).toEqual([]);
      }),
      { numRuns: Math.min(numRuns, 20_000) },
    );
  });
});

type Path = readonly string[];

function pathsOf(value: unknown): Path[] {
  if (typeof value !== 'object' || value === null) return [[]];
  const below = Object.entries(value).flatMap(([key, part]) => pathsOf(part).map((path) => [key, ...path]));
  return [[], ...below];
}

function replaced(value: unknown, [key, ...rest]: Path, by: unknown): unknown {
  if (key === undefined) return by;
  if (Array.isArray(value))
    return value.map((part: unknown, index) => (String(index) === key ? replaced(part, rest, by) : part));
  if (typeof value !== 'object' || value === null) return by;
  return Object.fromEntries(
    Object.entries(value).map(([name, part]) => [name, name === key ? replaced(part, rest, by) : part]),
  );
}
