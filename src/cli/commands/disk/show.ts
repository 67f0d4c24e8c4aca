import { Command } from 'commander';
import { inspectInstance, instancePaths, readDiskFacts } from '../../../vm/index.js';
import type { CliContext } from '../../context.js';
import { jsonOption, nameOption } from '../../options.js';
import { diskText } from '../../output/disk-text.js';

/** How long a person waits for the VM to say how full it is now. */
const guestMs = 1_000;

export function showCommand(context: CliContext): Command {
  return new Command('show')
    .description('size, what is used, what it takes on this machine, and where it is')
    .addOption(nameOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
The disk is a sparse file: it takes what the VM has written, up to its size. What is used inside is what the VM says, or, while
it does not run, what it wrote down when it last stopped.

Examples:
  $ bulkhead disk
  $ bulkhead disk --json | jq .disk.hostBytes`,
    )
    .action(async ({ name, json }: { readonly name: string; readonly json?: boolean }) => {
      const paths = instancePaths(name);
      const facts = await readDiskFacts(paths);
      const found = await inspectInstance(paths);
      const running = found.kind === 'running';
      const inVm =
        found.kind === 'running' ? ((await found.client.status(guestMs)).facts?.dataDisk ?? null) : null;
      context.terminal.out(
        json === true
          ? `${JSON.stringify({ name, running, inVm, ...facts })}\n`
          : diskText(name, facts, running, inVm),
      );
    });
}
