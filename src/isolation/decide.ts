import { type Draft, type Rule, RuleRefusal } from './draft.js';
import type { Decision, Plan } from './plan.js';
import type { IsolationRequest } from './request.js';
import { isolationRules } from './rules.js';

/**
 * Decides whether and how a container is made. Pure: no clock, no I/O. Everything the specification asks for passes
 * every rule, in order; the first that says no ends it.
 *
 * @param rules only tests pass another list, to show that each rule is needed.
 */
export function decide(request: IsolationRequest, rules: readonly Rule[] = isolationRules): Decision {
  let draft: Draft = {
    spec: request.spec,
    ids: request.ids,
    root: { kind: 'bind', readonly: false },
    binds: [],
    namespaces: [],
    delegated: [],
  };
  for (const rule of rules) {
    try {
      draft = rule.apply(draft, request);
    } catch (error) {
      if (!(error instanceof RuleRefusal)) throw error;
      return { kind: 'refusal', refusal: { rule: rule.name, code: error.code, message: error.message } };
    }
  }
  const plan: Plan = draft;
  return { kind: 'plan', plan };
}
