import fc from 'fast-check';
import { decide } from '../decide.js';
import type { Rule } from '../draft.js';
import type { IsolationRequest } from '../request.js';
import { isolationRules } from '../rules.js';
import { harmlessPaths, hostileRequests } from './hostile.js';
import { violations } from './violations.js';

/**
 * Specifications that are generated in all: 200,000 in the full run (`make test`), a sample otherwise. The three files
 * that generate them share the number, so that they run in as many workers.
 */
export const generatedSpecs = Number(process.env['BULKHEAD_GENERATED_SPECS'] ?? '5000');

/** Which promises the plan of this request breaks; none when it is refused. */
export function broken(request: IsolationRequest, rules: readonly Rule[] = isolationRules): string[] {
  const decision = decide(request, rules);
  return decision.kind === 'refusal' ? [] : violations(decision.plan, request, harmlessPaths);
}

/**
 * Throws, with the smallest request found, when a plan breaks a promise.
 *
 * @returns how many of the requests led to a plan.
 */
export function tryHostileRequests(numRuns: number): number {
  let plans = 0;
  fc.assert(
    fc.property(hostileRequests, (request) => {
      const decision = decide(request);
      if (decision.kind === 'refusal') return;
      plans += 1;
      const found = violations(decision.plan, request, harmlessPaths);
      if (found.length > 0) throw new Error(found.join('; '));
    }),
    { numRuns },
  );
  return plans;
}
