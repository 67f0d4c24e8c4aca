import { BulkheadError, type ErrorParams } from '../common/errors/bulkhead-error.js';
import type { isolationErrors } from '../common/errors/isolation.js';
import { RuleRefusal } from './draft.js';
import type { IsolationPolicy } from './policy.js';

export type RefusalCode = keyof typeof isolationErrors;

/** The whole sentence of a refusal, from the error registry: rule, setting and whom to ask included. */
export function refusalText(
  code: RefusalCode,
  rule: string,
  policy: IsolationPolicy,
  params: ErrorParams = {},
): string {
  return new BulkheadError(code, { ...params, rule, contact: policy.contact }).message;
}

/** Ends the rule, and with it the decision. */
export function refuse(
  code: RefusalCode,
  rule: string,
  policy: IsolationPolicy,
  params: ErrorParams = {},
): never {
  throw new RuleRefusal(code, refusalText(code, rule, policy, params));
}
