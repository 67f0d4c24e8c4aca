import type { ConnectionDecision } from '../../common/audit-event.js';
import type { BulkheadError } from '../../common/errors/bulkhead-error.js';
import { reasonOf } from '../../common/errors/rule-of.js';
import { printable } from '../../common/printable.js';
import type { Who } from '../connect-access/index.js';

/** What an audit log is told of a decision. What decided it stands in the error; without one there was no rule, and no decision. */
export function connectionDecision(
  who: Who | undefined,
  destination: string,
  decided: { readonly kind: 'allowed' } | { readonly kind: 'refused'; readonly error?: BulkheadError },
): ConnectionDecision {
  const outcome = decided.kind === 'allowed' ? 'allowed' : decided.error === undefined ? 'failed' : 'refused';
  const error = decided.kind === 'allowed' ? undefined : decided.error;
  return {
    kind: 'connection',
    outcome,
    who: callerOf(who),
    destination: printable(destination),
    ...(error === undefined ? {} : withSetting(error)),
  };
}

function callerOf(who: Who | undefined): ConnectionDecision['who'] {
  if (who?.kind !== 'container') return { kind: who?.kind ?? 'nobody' };
  // The name people know it by, where it has one.
  const [id = '', name = id] = who.image;
  return { kind: 'container', id: who.id, image: printable(name) };
}

/** The place in the policy, which the text of the error is filled with. */
function withSetting(error: BulkheadError): ReturnType<typeof reasonOf> {
  const { setting } = error.params;
  return { ...reasonOf(error.code), ...(typeof setting === 'string' ? { setting } : {}) };
}
