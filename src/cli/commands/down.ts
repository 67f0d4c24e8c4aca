import { Command } from 'commander';
import { inspectInstance, instancePaths } from '../../vm/index.js';
import type { CliContext } from '../context.js';
import { jsonOption, nameOption } from '../options.js';
import { ProgressView } from '../output/progress-view.js';

export function downCommand(context: CliContext): Command {
  return new Command('down')
    .description('stop the containers, the engine and the VM')
    .addOption(nameOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Images, volumes and stopped containers stay on the data disk. A VM that does not begin to stop within 10 s, or
has not stopped after 30 s, is ended as by a loss of power; a warning says so, and \`inOrder\` is false in the JSON.
Stopping what does not run is not an error.

Examples:
  $ bulkhead down
  $ bulkhead down --name ci`,
    )
    .action(({ name, json }: { readonly name: string; readonly json?: boolean }) =>
      down(context, name, json ?? false),
    );
}

async function down({ terminal, reporter, signal }: CliContext, name: string, json: boolean): Promise<void> {
  const found = await inspectInstance(instancePaths(name));
  const tell = (state: 'stopped' | 'failed', inOrder: boolean | null): void => {
    if (json) terminal.out(`${JSON.stringify({ name, state, inOrder })}\n`);
  };
  if (found.kind === 'running') {
    const view = new ProgressView(reporter);
    const { inOrder } = await found.client.down((progress) => view.show(progress), signal);
    tell('stopped', inOrder);
    return;
  }
  tell(found.kind, null);
  if (found.kind === 'failed') reporter.warn(`Last time: ${found.error.message}`);
  terminal.err(`Instance ${name} is not running.\n`);
}
