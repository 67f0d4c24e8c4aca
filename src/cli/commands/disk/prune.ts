import { Command } from 'commander';
import { BulkheadError } from '../../../common/errors/bulkhead-error.js';
import { inStep } from '../../../common/reporter.js';
import { inspectInstance, instancePaths, readDiskFacts } from '../../../vm/index.js';
import type { CliContext } from '../../context.js';
import { jsonOption, nameOption } from '../../options.js';
import { sizeText } from '../../output/size-text.js';

export function pruneCommand(context: CliContext): Command {
  return new Command('prune')
    .description('give the space back to this machine that nothing in the VM uses any more')
    .addOption(nameOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
The VM must run, and goes on. Nothing is deleted: what images, volumes and the build cache take stays theirs until you remove
them, with \`docker system prune\` for what is unused.

Examples:
  $ docker system prune && bulkhead disk prune
  $ bulkhead disk prune --json | jq .freedBytes`,
    )
    .action((flags: { readonly name: string; readonly json?: boolean }) => prune(context, flags));
}

async function prune(
  { terminal, reporter, signal }: CliContext,
  { name, json }: { readonly name: string; readonly json?: boolean },
): Promise<void> {
  const paths = instancePaths(name);
  const found = await inspectInstance(paths);
  if (found.kind !== 'running') throw new BulkheadError('BH_INSTANCE_NOT_RUNNING', { name });
  const taken = async (): Promise<number> => (await readDiskFacts(paths)).disk?.hostBytes ?? 0;
  const before = await taken();
  await inStep(reporter, 'Give free space back', () => found.client.trim(signal));
  const hostBytes = await taken();
  // The VM goes on writing meanwhile.
  const freedBytes = Math.max(0, before - hostBytes);
  if (json === true) terminal.out(`${JSON.stringify({ name, freedBytes, hostBytes })}\n`);
  else
    terminal.err(
      `${sizeText(freedBytes)} were given back; the data disk takes ${sizeText(hostBytes)} on this machine.\n`,
    );
}
