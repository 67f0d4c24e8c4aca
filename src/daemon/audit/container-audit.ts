import type { Decision } from '../../common/audit-event.js';
import { isErrorCode, reasonOf } from '../../common/errors/rule-of.js';
import type { RuntimeAuditEvent } from '../../runtime/index.js';
import { logged } from './subject.js';

const outcomes = { planned: 'allowed', refused: 'refused', failed: 'failed' } as const;

/** What isolation made of a container, as a decision. Pure. */
export function containerDecision(
  { command, containerId, outcome, code, rule }: RuntimeAuditEvent,
  image: string | undefined,
): Decision {
  return {
    kind: 'container',
    outcome: outcomes[outcome],
    who: { kind: 'engine' },
    command: logged(command),
    container: logged(containerId),
    ...(image === undefined ? {} : { image: logged(image) }),
    ...(code === undefined ? {} : isErrorCode(code) ? reasonOf(code) : { code }),
    ...(rule === undefined ? {} : { rule }),
  };
}
