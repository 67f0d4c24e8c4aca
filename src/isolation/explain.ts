import { applyRule, firstDraft } from './decide.js';
import { type Difference, differences } from './differences.js';
import type { Draft, Rule } from './draft.js';
import type { Refusal } from './plan.js';
import type { IsolationRequest } from './request.js';
import { isolationRules } from './rules.js';

/** One thing a rule made different from what was asked for. */
export interface Change extends Difference {
  readonly rule: string;
  readonly why: string;
}

export interface Explanation {
  /** Empty when the container is made. The first is what `docker run` shows. */
  readonly refusals: readonly Refusal[];
  readonly changes: readonly Change[];
}

/**
 * Runs the rules once more and tells, rule by rule, what each changed or would refuse. A second function beside `decide`
 * and of the same rules, so that making a container costs nothing for it and no rule has to keep a record of its own.
 *
 * Unlike `decide` it goes on after a refusal, as if that rule had nothing to say: a person wants to know of all at once.
 */
export function explain(request: IsolationRequest, rules: readonly Rule[] = isolationRules): Explanation {
  const refusals: Refusal[] = [];
  const changes: Change[] = [];
  let draft = firstDraft(request);
  for (const rule of rules) {
    const outcome = applyRule(rule, draft, request);
    if (outcome.kind === 'refusal') {
      refusals.push(outcome.refusal);
      continue;
    }
    const { name, why } = rule;
    const found = differences(shown(draft), shown(outcome.draft));
    changes.push(...found.map((difference) => ({ rule: name, ...difference, why })));
    ({ draft } = outcome);
  }
  return { refusals, changes };
}

/** Fields of the specification by their own names; what the front door does, and no specification says, below `plan`. */
function shown({ spec, ...plan }: Draft): object {
  return { ...spec, plan };
}
