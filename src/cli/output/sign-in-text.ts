import { printable } from '../../common/printable.js';
import type { SignInState } from '../../common/sign-in.js';
import type { DevicePrompt } from '../sign-in/device-flow.js';

/** One line for `status`; empty where nobody needs to sign in. */
export function signInText(state: SignInState | null): string {
  if (state === null) return '';
  const { member, organizations } = state;
  if (member === null)
    return `nobody; members of [${printable(organizations.join(', '))}] may: bulkhead sign-in`;
  return memberText(member);
}

export function memberText(member: NonNullable<SignInState['member']>): string {
  return printable(`${member.subject} (${member.organizations.join(', ')}) until ${member.until}`);
}

/** Plain lines: they are copied to another device, and into terminals that show nothing else. */
export function promptText({
  verificationUri,
  completeUri,
  userCode,
  expiresInSeconds,
}: DevicePrompt): string {
  const minutes = Math.max(1, Math.round(expiresInSeconds / 60));
  const whole = completeUri === undefined ? '' : `Or open ${completeUri}\n`;
  return `Open ${verificationUri} and enter the code ${userCode}\n${whole}Waiting. The code is good for ${minutes} min.\n`;
}
