import { type ConnectionDecision, connectionDecisionSchema } from '../../common/audit-event.js';
import { orNothing } from '../../common/cause.js';
import { isFullId } from '../../common/container-id.js';
import { isErrorCode } from '../../common/errors/rule-of.js';
import { logged } from '../audit/subject.js';

/**
 * What the host's gateway says it decided, as the audit log may hold it; undefined for a line that is no such decision. Threat: the host is the developer's, and the log keeps so
 * many lines, not so many bytes, for each code and each caller: lines of any length, with codes nobody knows, would push out of it what was refused before. Nor
 * can it speak for anybody but those whose connections come by it.
 */
export function toldDecision(line: string): ConnectionDecision | undefined {
  const told = connectionDecisionSchema.safeParse(orNothing((): unknown => JSON.parse(line))).data;
  if (told === undefined) return undefined;
  const { who, code, rule, setting, outcome, destination, reached } = told;
  const caller = callerOf(who);
  if (caller === undefined || (code !== undefined && !isErrorCode(code))) return undefined;
  return {
    kind: 'connection',
    outcome,
    who: caller,
    destination: logged(destination),
    ...(reached === undefined ? {} : { reached }),
    ...(code === undefined ? {} : { code }),
    ...(rule === undefined ? {} : { rule: logged(rule) }),
    ...(setting === undefined ? {} : { setting: logged(setting) }),
  };
}

function callerOf(who: ConnectionDecision['who']): ConnectionDecision['who'] | undefined {
  switch (who.kind) {
    case 'container':
      return isFullId(who.id) ? { ...who, image: logged(who.image) } : undefined;
    case 'engine':
    case 'build':
    case 'nobody':
      return who;
    case 'bulkheadd':
    case 'developer':
    case 'user':
      return undefined;
  }
}
