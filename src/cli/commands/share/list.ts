import { Command } from 'commander';
import { inspectInstance, instancePaths } from '../../../vm/index.js';
import { parseShare, type ShareRequest } from '../../../vm/sharing/index.js';
import type { CliContext } from '../../context.js';
import { jsonOption, nameOption } from '../../options.js';
import { readUserFile } from '../../settings-in-use.js';

interface ListFlags {
  readonly name: string;
  readonly json?: boolean;
}

export function listCommand(context: CliContext): Command {
  return new Command('list')
    .description('what is shared now, and what your settings share at each start')
    .addOption(nameOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExamples:\n  $ bulkhead share\n  $ bulkhead share list --json | jq .now')
    .action(async ({ name, json }: ListFlags) => {
      const found = await inspectInstance(instancePaths(name));
      const now = found.kind === 'running' ? (await found.client.status()).shares : null;
      const settings = ((await readUserFile(context.env)).settings.bulkhead?.shares ?? []).map(parseShare);
      context.terminal.out(
        json === true ? `${JSON.stringify({ name, now, settings })}\n` : sharesText(now, settings),
      );
    });
}

/** @param now of the VM; null where none runs. Pure. */
export function sharesText(now: readonly ShareRequest[] | null, settings: readonly ShareRequest[]): string {
  const text = ({ path, readOnly }: ShareRequest): string => (readOnly ? `${path} (read-only)` : path);
  const row = (title: string, shares: readonly ShareRequest[], none: string): string =>
    `${title.padEnd(12)}${shares.length === 0 ? none : shares.map(text).join(`\n${' '.repeat(12)}`)}\n`;
  return (
    row('now', now ?? [], now === null ? 'nothing: the VM does not run' : 'nothing') +
    row('settings', settings, 'nothing (bulkhead.shares)')
  );
}
