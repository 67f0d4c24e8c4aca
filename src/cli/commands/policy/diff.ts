import { Command } from 'commander';
import { ExitCode } from '../../../common/errors/definition.js';
import { printable, printableJson } from '../../../common/printable.js';
import { policyDifferences, shownValue } from '../../../policy/index.js';
import type { CliContext } from '../../context.js';
import { jsonOption } from '../../options.js';
import { readSoundPolicy } from './policy-files.js';

export function diffCommand(context: CliContext): Command {
  return new Command('diff')
    .description('say what changes when one policy takes the place of another')
    .argument('<before>', 'the policy in force')
    .argument('<after>', 'the policy to come')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
One line a key; spacing, order and signatures are no difference. Exit status 0: none; 1: some; 65: a file is not in order.

Examples:
  $ bulkhead policy diff signed.json admin-settings.json`,
    )
    .action((before: string, after: string, { json }: { readonly json?: boolean }) =>
      diff(context, before, after, json ?? false),
    );
}

async function diff({ terminal }: CliContext, before: string, after: string, json: boolean): Promise<void> {
  const [old, now] = [await readSoundPolicy(before), await readSoundPolicy(after)];
  const differences = policyDifferences(old.document, now.document).map(({ key, ...values }) => ({
    key,
    before: shownValue(key, values.before),
    after: shownValue(key, values.after),
  }));
  const text = (value: unknown): string =>
    value === undefined ? '(absent)' : printableJson(JSON.stringify(value));
  if (json) terminal.out(`${printableJson(JSON.stringify(differences))}\n`);
  else
    for (const { key, before: a, after: b } of differences)
      terminal.out(`${printable(key)}: ${text(a)} → ${text(b)}\n`);
  if (differences.length > 0) process.exitCode = ExitCode.failure;
}
