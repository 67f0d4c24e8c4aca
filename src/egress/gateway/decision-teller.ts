import type { AuditCaller, ConnectionDecision } from '../../common/audit-event.js';
import type { CountedLines } from '../../common/counted-lines.js';

/** Of one caller in a window; `few` while half of what may wait for bulkheadd does. */
const most = { usual: 500, few: 20 } as const;
const windowMs = 1000;

/**
 * Tells bulkheadd what was decided. Its audit log has budgets for each caller (`src/daemon/audit/budgets.ts`). Threat: before it comes to those, a container that asks for a thousand names a second
 * takes the room from what others do. So of each only so many are told, and the rest is counted.
 */
export class DecisionTeller {
  readonly #lines: CountedLines;
  readonly #now: () => number;
  readonly #told = new Map<string, number>();
  #since = -Infinity;

  /** @param now milliseconds of a clock that is never put back. */
  constructor(lines: CountedLines, now = () => performance.now()) {
    this.#lines = lines;
    this.#now = now;
  }

  tell(decision: ConnectionDecision): void {
    if (this.#now() - this.#since >= windowMs) {
      this.#since = this.#now();
      this.#told.clear();
    }
    const caller = keyOf(decision.who);
    const count = (this.#told.get(caller) ?? 0) + 1;
    this.#told.set(caller, count);
    if (count > (this.#lines.fullness < 0.5 ? most.usual : most.few)) this.#lines.leaveOut(1);
    else this.#lines.write(JSON.stringify(decision));
  }
}

function keyOf(who: AuditCaller): string {
  return who.kind === 'container' ? who.id : who.kind;
}
