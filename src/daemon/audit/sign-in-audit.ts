import type { Decision } from '../../common/audit-event.js';
import { isErrorCode, reasonOf } from '../../common/errors/rule-of.js';
import type { SignInAnswer } from '../../common/sign-in.js';
import { developerCalled, logged } from './subject.js';

/**
 * What came of signing in or out; undefined of an answer that decides nothing. Pure. Only who it was and the code of an error are taken:
 * neither can hold a token.
 *
 * @param before the subject of whoever was signed in until then: it is them who sign out.
 */
export function signInDecision(
  action: 'sign-in' | 'sign-out',
  answer: SignInAnswer,
  before: string | undefined,
): Decision | undefined {
  if (answer.kind === 'begin') return undefined;
  const earlier = developerCalled(before);
  if (answer.kind === 'error') {
    const reason = isErrorCode(answer.code) ? reasonOf(answer.code) : { code: logged(answer.code) };
    return { kind: 'sign-in', outcome: 'refused', who: earlier, action, ...reason };
  }
  const { member } = answer.state;
  const who = member === null ? earlier : developerCalled(member.subject);
  return { kind: 'sign-in', outcome: 'allowed', who, action };
}
