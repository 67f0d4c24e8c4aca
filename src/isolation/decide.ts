import { type Draft, type Rule, RuleRefusal } from './draft.js';
import type { Decision, Plan, Refusal } from './plan.js';
import type { IsolationRequest } from './request.js';
import { isolationRules } from './rules.js';

/**
 * Decides whether and how a container is made. Pure: no clock, no I/O. Everything the specification asks for passes
 * every rule, in order; the first that says no ends it.
 *
 * @param rules only tests pass another list, to show that each rule is needed.
 */
export function decide(request: IsolationRequest, rules: readonly Rule[] = isolationRules): Decision {
  let draft = firstDraft(request);
  for (const rule of rules) {
    const outcome = applyRule(rule, draft, request);
    if (outcome.kind === 'refusal') return outcome;
    ({ draft } = outcome);
  }
  const plan: Plan = draft;
  return { kind: 'plan', plan };
}

/** The container as it was asked for, before any rule. */
export function firstDraft({ spec, ids }: IsolationRequest): Draft {
  return { spec, ids, root: { kind: 'bind', readonly: false }, binds: [], namespaces: [], delegated: [] };
}

type RuleOutcome =
  | { readonly kind: 'draft'; readonly draft: Draft }
  | { readonly kind: 'refusal'; readonly refusal: Refusal };

export function applyRule(rule: Rule, draft: Draft, request: IsolationRequest): RuleOutcome {
  try {
    return { kind: 'draft', draft: rule.apply(draft, request) };
  } catch (error) {
    if (!(error instanceof RuleRefusal)) throw error;
    return { kind: 'refusal', refusal: { rule: rule.name, code: error.code, message: error.message } };
  }
}
