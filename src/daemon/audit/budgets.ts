import type { AuditCaller, Decision } from '../../common/audit-event.js';
import type { Budget } from './rate-limiter.js';

/** What an account of suppressed decisions says of one kind. */
export interface DecisionKind {
  readonly who: AuditCaller;
  readonly outcome: Decision['outcome'];
  readonly code?: string;
  readonly reading?: boolean;
}

/** A series of files of its own for what must be there later, so that no number of requests that were served pushes it out. */
export type Series = 'notable' | 'served';

/**
 * Each refusal code of each caller has its own: 60 a minute for somebody who tries, then one in ten seconds. Threat: with forty codes and as many containers
 * as one likes to make, these budgets together are more than the files hold, and what was refused before would be pushed out within seconds. So beyond
 * three of a kind in an hour they draw on one for all: with the longest lines there can be, what was refused stays for hours.
 */
const refused: Budget = {
  burst: 60,
  perMinute: 6,
  first: { burst: 3, perMinute: 3 / 60 },
  together: { burst: 2000, perMinute: 20 },
};
/** Reading changes nothing, nor does to ask for a name; `docker` asks `_ping` before every command. */
const served: Budget = { burst: 300, perMinute: 60 };
/** More than a busy build machine asks for. */
const changed: Budget = { burst: 2000, perMinute: 600 };

/** Of which there are more, where they are allowed, than anybody looks for. */
const manySorts: ReadonlySet<Decision['kind']> = new Set(['request', 'container', 'connection']);

/** Where a decision is kept, and of which budget. Pure. */
export function budgetOf(decision: Decision): {
  readonly series: Series;
  readonly budget: Budget;
  readonly kind: DecisionKind;
  readonly key: string;
} {
  const { who, outcome } = decision;
  const code = 'code' in decision ? decision.code : undefined;
  const notable = outcome !== 'allowed' || !manySorts.has(decision.kind);
  const reading = !notable && isReading(decision);
  const kind = {
    who,
    outcome,
    ...(code === undefined ? {} : { code }),
    ...(notable ? {} : { reading }),
  };
  return {
    series: notable ? 'notable' : 'served',
    budget: notable ? refused : reading ? served : changed,
    kind,
    key: `${decision.kind} ${outcome} ${code ?? ''} ${reading} ${keyOf(who)}`,
  };
}

/** Threat: names without end take from what the same client connects to. */
function isReading(decision: Decision): boolean {
  if (decision.kind === 'connection') return !/[:/]/.test(decision.destination);
  if (decision.kind !== 'request') return false;
  const { method } = decision;
  return method === 'GET' || method === 'HEAD' || method === 'OPTIONS';
}

function keyOf(who: AuditCaller): string {
  if (who.kind === 'container') return `container ${who.id}`;
  return who.kind === 'user' ? `user ${who.subject}` : who.kind;
}
