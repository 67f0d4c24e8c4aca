import type { ParsedSpec } from '../oci/runtime-spec.js';
import type { Refusal } from './plan.js';
import type { IsolationPolicy } from './policy.js';
import { refusalText } from './refuse.js';

const name = 'known-fields';

/**
 * Threat: a field added to the specification after these rules were written opens something none of them looks at. So
 * a specification with an unknown field is refused, and the refusal names it.
 */
export function refuseUnparsed(parsed: Extract<ParsedSpec, { ok: false }>, policy: IsolationPolicy): Refusal {
  const code = parsed.unknown ? 'BH_ISOLATION_UNKNOWN_FIELD' : 'BH_ISOLATION_MALFORMED_SPEC';
  const field = parsed.field === '' ? 'its start' : parsed.field;
  return { rule: name, code, message: refusalText(code, name, policy, { field, problem: parsed.problem }) };
}
