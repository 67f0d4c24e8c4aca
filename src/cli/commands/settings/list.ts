import { Command } from 'commander';
import { printableJson } from '../../../common/printable.js';
import { shownValue, userSettingNames, userSettingTable } from '../../../policy/index.js';
import type { CliContext } from '../../context.js';
import { jsonOption } from '../../options.js';
import { settingsInUse } from '../../settings-in-use.js';
import { policyOption } from '../policy/policy-files.js';
import { valueText } from './named-setting.js';

interface ListFlags {
  readonly json?: boolean;
  readonly policy?: string;
}

export function listCommand(context: CliContext): Command {
  return new Command('list')
    .description('print every setting with the value in force, and who decided it')
    .addOption(policyOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Who decided it: "policy, locked" cannot be changed; "policy, default" until you set it; "user" you did; "built-in" nobody.
What the policy decides beyond these: \`bulkhead policy show\`.

Examples:
  $ bulkhead settings list
  $ bulkhead settings list --json | jq '.settings[] | select(.source == "policy, locked")'`,
    )
    .action((flags: ListFlags) => listSettings(context, flags));
}

export async function listSettings(
  { terminal, env }: CliContext,
  { json, policy: file }: ListFlags,
): Promise<void> {
  const { user, policy, effective } = await settingsInUse(env, file);
  const settings = userSettingNames.map((name) => ({
    name,
    value: shownValue(name, effective[name].value),
    source: effective[name].source,
    meaning: userSettingTable[name],
  }));
  if (json === true) {
    const document = { file: user.file, policy: policy?.file ?? null, settings };
    terminal.out(`${printableJson(JSON.stringify(document))}\n`);
    return;
  }
  const width = Math.max(...settings.map(({ name }) => name.length));
  const lines = settings.map(
    ({ name, value, source, meaning }) =>
      `${name.padEnd(width)}  ${valueText(value)}  (${source}; ${meaning})\n`,
  );
  terminal.out(lines.join(''));
}
