import { Command } from 'commander';
import { printableJson } from '../../common/printable.js';
import type { SignInState } from '../../common/sign-in.js';
import type { CliContext } from '../context.js';
import { findEngine } from '../find-engine.js';
import { jsonOption, nameOption } from '../options.js';
import { memberText, promptText } from '../output/sign-in-text.js';
import { deviceFlow } from '../sign-in/device-flow.js';

interface SignInFlags {
  readonly name: string;
  readonly json?: boolean;
}

export function signInCommand(context: CliContext): Command {
  return new Command('sign-in')
    .description("show the engine that you are a member of the policy's organizations")
    .addOption(nameOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
You sign in at your organization's own provider, in any browser on any device; the engine verifies what the provider says
and keeps for some days that you are a member, not the token. Containers are not touched.

--json prints one event a line: "prompt" with verificationUri, completeUri, userCode and expiresInSeconds, then
"signed-in" with member.

Exit status 0 when you are in, 77 when you are not a member or the token is not taken, 69 when the provider did not sign
you in, 78 when the policy asks nobody to.

Examples:
  $ bulkhead sign-in
  $ bulkhead sign-in --json | jq -r 'select(.event == "prompt").completeUri'`,
    )
    .action((flags: SignInFlags) => signIn(context, flags));
}

export function signOutCommand(context: CliContext): Command {
  return new Command('sign-out')
    .description('have the engine forget who is signed in; what runs goes on')
    .addOption(nameOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Containers, and who follows them, go on; the next request is refused until a member signs in again.

Examples:
  $ bulkhead sign-out
  $ bulkhead sign-out --json`,
    )
    .action(async ({ name, json }: SignInFlags) => {
      const engine = await findEngine(name);
      const state = await engine.signOut(context.signal);
      context.terminal.out(
        json === true ? event('signed-out', { state }) : 'Signed out. What runs goes on.\n',
      );
    });
}

async function signIn({ terminal, signal }: CliContext, { name, json = false }: SignInFlags): Promise<void> {
  const engine = await findEngine(name);
  const begin = await engine.beginSignIn(signal);
  const idToken = await deviceFlow(
    begin,
    (prompt) => (json ? terminal.out(event('prompt', { ...prompt })) : terminal.err(promptText(prompt))),
    signal,
  );
  const { member } = await engine.signIn(idToken, signal);
  terminal.out(json ? event('signed-in', { member }) : `Signed in as ${whoIsIn(member)}.\n`);
}

/** Another command may have signed them out in the meantime. */
function whoIsIn(member: SignInState['member']): string {
  return member === null ? 'nobody' : memberText(member);
}

function event(name: string, facts: object): string {
  return `${printableJson(JSON.stringify({ event: name, ...facts }))}\n`;
}
