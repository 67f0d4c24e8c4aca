import { Command } from 'commander';
import { printableJson } from '../../../common/printable.js';
import { shownValue } from '../../../policy/index.js';
import type { CliContext } from '../../context.js';
import { jsonOption } from '../../options.js';
import { settingsInUse } from '../../settings-in-use.js';
import { policyOption } from '../policy/policy-files.js';
import { listSettings } from './list.js';
import { namedSetting, valueText } from './named-setting.js';

interface GetFlags {
  readonly json?: boolean;
  readonly policy?: string;
}

export function getCommand(context: CliContext): Command {
  return new Command('get')
    .description('print the value in force of one setting; of all without a name')
    .argument('[name]', 'as `bulkhead settings list` shows it, in any case')
    .addOption(policyOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Examples:
  $ bulkhead settings get portBindingBehavior
  $ bulkhead settings get --json bulkhead.memoryMiB`,
    )
    .action((name: string | undefined, flags: GetFlags) =>
      name === undefined ? listSettings(context, flags) : get(context, name, flags),
    );
}

async function get(
  { terminal, env }: CliContext,
  name: string,
  { json, policy: file }: GetFlags,
): Promise<void> {
  const { policy, effective } = await settingsInUse(env, file);
  const setting = namedSetting(name, policy?.settings);
  const { source } = effective[setting];
  const value = shownValue(setting, effective[setting].value);
  terminal.out(
    json === true
      ? `${printableJson(JSON.stringify({ name: setting, value, source }))}\n`
      : `${valueText(value)}\n`,
  );
}
