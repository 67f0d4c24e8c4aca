import { Command } from 'commander';
import { z } from 'zod';
import { policySchema } from '../../../common/health.js';
import { printable, printableJson } from '../../../common/printable.js';
import { showSettings } from '../../../policy/index.js';
import { policyChange } from '../../../vm/documents/index.js';
import { inspectInstance, instancePaths } from '../../../vm/index.js';
import type { CliContext } from '../../context.js';
import { jsonOption, nameOption } from '../../options.js';
import { policyText } from '../../output/policy-text.js';
import { shownSettingsText } from '../../output/shown-settings-text.js';
import { settingsInUse } from '../../settings-in-use.js';
import { policyFileOf, policyOption } from './policy-files.js';

interface ShowFlags {
  readonly name: string;
  readonly policy?: string;
  readonly json?: boolean;
}

export function showCommand(context: CliContext): Command {
  return new Command('show')
    .description('say of every setting what is in force, who decided it, and where it is enforced')
    .addOption(nameOption())
    .addOption(policyOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Where the VM runs, the first line is what it says itself, and the settings are those of the policy it was booted with, as long as that
file has not changed; otherwise they are what the next start goes by.

Examples:
  $ bulkhead policy show
  $ bulkhead policy show --json | jq '.settings[] | select(.standing == "not carried out" and .source != "built-in")'`,
    )
    .action((flags: ShowFlags) => show(context, flags));
}

async function show({ terminal, env }: CliContext, { name, policy: named, json }: ShowFlags): Promise<void> {
  const engine = await runningPolicy(name);
  const file = await policyFileOf(named ?? engine?.booted?.file);
  const { policy, user } = await settingsInUse(env, file);
  const restart = engine === undefined ? undefined : await policyChange(engine.booted, file);
  const settings = showSettings(policy?.settings, user.settings);
  if (json === true) {
    const document = {
      policy: policy?.file ?? null,
      user: user.file,
      inForce: engine?.standing ?? null,
      restartNeeded: restart ?? null,
      // What JSON would leave out is there all the same, so that every setting has the same keys.
      settings: settings.map((setting) => ({ ...setting, value: setting.value ?? null })),
    };
    terminal.out(`${printableJson(JSON.stringify(document))}\n`);
    return;
  }
  const standing = engine?.standing;
  const head = [
    ...(standing === undefined
      ? []
      : [`In force in ${name}: ${printable(policyText(standing, Date.now()))}`]),
    ...(restart === undefined ? [] : [`Restart needed: ${restart}. Below is what the next start goes by.`]),
    `Policy: ${policy?.file ?? 'none'}; your own settings: ${user.file}`,
  ];
  terminal.out(`${head.join('\n')}\n\n${shownSettingsText(settings)}`);
}

/** What a running VM was booted with, and what it says itself; the guest is not trusted, so what makes no sense is left out. */
async function runningPolicy(name: string) {
  const found = await inspectInstance(instancePaths(name));
  if (found.kind !== 'running') return undefined;
  const { policy: booted, guest } = await found.client.status();
  const parsed = z.object({ policy: policySchema }).safeParse(guest);
  return { booted, standing: parsed.success ? parsed.data.policy : undefined };
}
