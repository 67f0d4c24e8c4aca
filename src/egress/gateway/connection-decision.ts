import type { ConnectionDecision } from '../../common/audit-event.js';
import type { BulkheadError } from '../../common/errors/bulkhead-error.js';
import { reasonOf } from '../../common/errors/rule-of.js';
import { printable } from '../../common/printable.js';
import type { Who } from '../connect-access/index.js';
import { placeText } from '../engine-traffic/place.js';
import type { EngineDecision } from '../engine-traffic/request-server.js';
import type { GatewayEvent } from './gateway-event.js';

type Decided =
  | { readonly kind: 'allowed'; readonly reached?: false }
  | { readonly kind: 'refused'; readonly error?: BulkheadError };

/** Of what became of a connection. */
export function decidedOf(event: Exclude<GatewayEvent, { kind: 'overflow' }>): Decided {
  switch (event.kind) {
    case 'permitted':
      return { kind: 'allowed' };
    case 'unreached':
      return { kind: 'allowed', reached: false };
    case 'refused':
      return { kind: 'refused', ...(event.error === undefined ? {} : { error: event.error }) };
  }
}

/** What an audit log is told of a decision. What decided it stands in the error; without one there was no rule, and no decision. */
export function connectionDecision(
  who: Who | undefined,
  destination: string,
  decided: Decided,
): ConnectionDecision {
  const outcome = decided.kind === 'allowed' ? 'allowed' : decided.error === undefined ? 'failed' : 'refused';
  const error = decided.kind === 'allowed' ? undefined : decided.error;
  return {
    kind: 'connection',
    outcome,
    who: callerOf(who),
    destination: printable(destination),
    ...(decided.kind === 'allowed' && decided.reached === false ? { reached: false } : {}),
    ...(error === undefined ? {} : withSetting(error)),
  };
}

/** Of a request of the engine's: the registry and what was understood, never its target, which may hold a password. */
export function engineDecision({
  place,
  operation,
  refusal,
}: Pick<EngineDecision, 'place' | 'operation' | 'refusal'>): ConnectionDecision {
  const path = operation !== undefined && 'path' in operation ? `/${operation.path}` : '';
  const decided: Decided = refusal === undefined ? { kind: 'allowed' } : { kind: 'refused', error: refusal };
  return connectionDecision({ kind: 'engine' }, `${placeText(place)}${path}`, decided);
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
