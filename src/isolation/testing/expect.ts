import { expect } from 'vitest';
import { decide } from '../decide.js';
import type { Plan, Refusal } from '../plan.js';
import type { IsolationRequest } from '../request.js';
import { isolationRules } from '../rules.js';

/** The plan, or an error that shows the refusal. */
export function planFor(request: IsolationRequest): Plan {
  const decision = decide(request);
  if (decision.kind === 'refusal') throw new Error(`refused: ${decision.refusal.message}`);
  return decision.plan;
}

/** The refusal, or an error. */
export function refusalFor(request: IsolationRequest): Refusal {
  const decision = decide(request);
  if (decision.kind === 'plan') throw new Error('not refused');
  return decision.refusal;
}

/** The plan as it would be without one rule: a test of that rule must then fail. */
export function planWithout(rule: string, request: IsolationRequest): Plan {
  const others = isolationRules.filter(({ name }) => name !== rule);
  if (others.length !== isolationRules.length - 1) throw new Error(`there is no rule ${rule}`);
  const decision = decide(request, others);
  if (decision.kind === 'refusal') throw new Error(`refused: ${decision.refusal.message}`);
  return decision.plan;
}

/** Asymmetric match of a part of a text; `unknown`, where vitest's own is `any`. */
export function containing(part: string): unknown {
  return expect.stringContaining(part);
}
