import type { AuditCaller, Decision } from '../../common/audit-event.js';
import { isErrorCode, reasonOf } from '../../common/errors/rule-of.js';
import type { SignInAnswer } from '../../common/sign-in.js';
import { logged } from './subject.js';

/**
 * What came of signing in or out; undefined of an answer that decides nothing. Pure. Only who it was and the code of an error are taken:
 * neither can hold a token.
 */
export function signInDecision(action: 'sign-in' | 'sign-out', answer: SignInAnswer): Decision | undefined {
  if (answer.kind === 'begin') return undefined;
  if (answer.kind === 'error') {
    const reason = isErrorCode(answer.code) ? reasonOf(answer.code) : { code: logged(answer.code) };
    return { kind: 'sign-in', outcome: 'refused', who: { kind: 'developer' }, action, ...reason };
  }
  const { member } = answer.state;
  const who: AuditCaller =
    member === null ? { kind: 'developer' } : { kind: 'user', subject: logged(member.subject) };
  return { kind: 'sign-in', outcome: 'allowed', who, action };
}
