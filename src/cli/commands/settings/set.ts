import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Command } from 'commander';
import { BulkheadError } from '../../../common/errors/bulkhead-error.js';
import {
  contactOf,
  engineOptionsOf,
  type JsonValue,
  parseLocatedJson,
  readUserSettings,
  shownValue,
  type UserSettingName,
  withSetting,
} from '../../../policy/index.js';
import type { CliContext } from '../../context.js';
import { replaceFile } from '../../replace-file.js';
import { settingsInUse, type SettingsInUse } from '../../settings-in-use.js';
import { policyOption } from '../policy/policy-files.js';
import { namedSetting, valueText } from './named-setting.js';

interface SetFlags {
  readonly policy?: string;
}

export function setCommand(context: CliContext): Command {
  return new Command('set')
    .description('set one of your own settings, for the next start of an engine or a VM')
    .argument('<name>', 'as `bulkhead settings list` shows it, in any case')
    .argument('<value>', 'true, 4096, local-only-port-binding, or JSON')
    .addOption(policyOption())
    .addHelpText(
      'after',
      `
What the organization has locked cannot be set: exit status 77, and who locked it.

Examples:
  $ bulkhead settings set bulkhead.memoryMiB 8192
  $ bulkhead settings set portBindingBehavior default-local-port-binding
  $ bulkhead settings set bulkhead.shares '["/home/ada/src", "/srv/fixtures:ro"]'
  $ bulkhead settings set proxy '{"mode": "manual", "https": "proxy.example:3128", "exclude": ".example.com"}'
  $ bulkhead settings set linuxVM.dockerDaemonOptions '{"dns": ["192.0.2.53"]}'`,
    )
    .action((name: string, value: string, { policy }: SetFlags) => set(context, name, value, policy));
}

export function unsetCommand(context: CliContext): Command {
  return new Command('unset')
    .description('take one of your own settings back')
    .argument('<name>', 'as `bulkhead settings list` shows it, in any case')
    .addOption(policyOption())
    .addHelpText('after', '\nExamples:\n  $ bulkhead settings unset bulkhead.memoryMiB')
    .action(async (name: string, { policy }: SetFlags) => {
      const inUse = await settingsInUse(context.env, policy);
      await write(inUse, namedSetting(name, inUse.policy?.settings), undefined);
    });
}

async function set(
  { terminal, env }: CliContext,
  typed: string,
  text: string,
  policyFile: string | undefined,
): Promise<void> {
  const inUse = await settingsInUse(env, policyFile);
  const { policy, effective } = inUse;
  const name = namedSetting(typed, policy?.settings);
  if (effective[name].source === 'policy, locked')
    throw new BulkheadError('BH_SETTING_LOCKED', {
      name,
      file: policy?.file ?? '',
      value: valueText(shownValue(name, effective[name].value)),
      contact: contactOf(policy?.settings),
    });
  const value = valueOf(name, text);
  const { value: settings, problems } = readUserSettings(bytesOf(withSetting({}, name, value)), name);
  if (problems !== undefined)
    throw new BulkheadError('BH_SETTING_VALUE', {
      name,
      value: valueText(shownValue(name, value)),
      reason: String(problems[0]?.params['reason'] ?? 'it is not in order'),
    });
  for (const { key, reason } of engineOptionsOf(settings.linuxVM?.dockerDaemonOptions ?? {}).stripped)
    terminal.err(`linuxVM.dockerDaemonOptions: ${key} will not reach the engine (${reason})\n`);
  await write(inUse, name, value);
}

/** What is no JSON is the text itself. The engine's options are JSON in a string, as in Docker's file. */
function valueOf(name: UserSettingName, text: string): JsonValue {
  if (name === 'linuxVM.dockerDaemonOptions') return text;
  const value = parseOrText(text);
  return name === 'bulkhead.shares' && typeof value === 'string' ? [value] : value;
}

function parseOrText(text: string): JsonValue {
  try {
    return parseLocatedJson(text).value;
  } catch {
    return text;
  }
}

async function write(
  { user: { file, document } }: SettingsInUse,
  name: UserSettingName,
  value: JsonValue | undefined,
): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await replaceFile(
    file,
    `${JSON.stringify(withSetting(document, name, value), null, 2)}\n`,
    'BH_SETTINGS_NOT_WRITTEN',
  );
}

function bytesOf(document: object): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(document));
}
