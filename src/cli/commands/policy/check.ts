import { Command } from 'commander';
import { ExitCode } from '../../../common/errors/definition.js';
import { printableJson } from '../../../common/printable.js';
import { describeSettings, openWaysToCollector, type Settings } from '../../../policy/index.js';
import type { CliContext } from '../../context.js';
import { jsonOption } from '../../options.js';
import { settingsText } from '../../output/settings-text.js';
import { examinePolicyFile } from './policy-files.js';

export function checkCommand(context: CliContext): Command {
  return new Command('check')
    .description('say whether an admin-settings.json is in order, and what each of its keys is to Bulkhead')
    .argument('<file>', "Docker Desktop's admin-settings.json, with or without our `bulkhead` object")
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Everything that is wrong is said, each with line, column and key. Exit status 0: in order; 65: not.

Examples:
  $ bulkhead policy check admin-settings.json
  $ bulkhead policy check --json admin-settings.json | jq '.settings[] | select(.enforcer == "nobody")'`,
    )
    .action((file: string, { json }: { readonly json?: boolean }) => check(context, file, json ?? false));
}

async function check({ terminal }: CliContext, file: string, json: boolean): Promise<void> {
  const { settings, problems } = await examinePolicyFile(file);
  const reports = settings === undefined ? [] : describeSettings(settings);
  const warnings = settings === undefined ? [] : warningsOf(settings);
  if (json) {
    const document = {
      valid: problems === undefined,
      problems: (problems ?? []).map(({ code, params }) => ({ code, ...params })),
      warnings,
      settings: reports.map(({ name, locked, facts }) => ({ name, locked, ...facts })),
    };
    terminal.out(`${printableJson(JSON.stringify(document))}\n`);
  } else if (problems === undefined) {
    terminal.out(settingsText(reports));
    for (const warning of warnings) terminal.err(`${warning}\n`);
  } else {
    for (const { code, message } of problems) terminal.err(`${message} (${code})\n`);
  }
  if (problems !== undefined) process.exitCode = ExitCode.badData;
}

/** What is in order and does less than who wrote it may think. */
function warningsOf(settings: Settings): readonly string[] {
  const open = openWaysToCollector(settings);
  if (open.length === 0) return [];
  return [
    `The audit log is exported (bulkhead.audit), and users may set ${open.join(' and ')}, by which the VM no longer reaches the collector: lock what is theirs to set.`,
  ];
}
