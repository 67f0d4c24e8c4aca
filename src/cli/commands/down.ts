import { Command } from 'commander';
import { inspectInstance, instancePaths } from '../../vm/index.js';
import type { CliContext } from '../context.js';
import { nameOption } from '../options.js';
import { ProgressView } from '../output/progress-view.js';

export function downCommand(context: CliContext): Command {
  return new Command('down')
    .description('stop the containers, the engine and the VM')
    .addOption(nameOption())
    .addHelpText(
      'after',
      `
Images, volumes and stopped containers stay on the data disk. A VM that does not stop within 10 s is ended.
Stopping what does not run is not an error.

Examples:
  $ bulkhead down
  $ bulkhead down --name ci`,
    )
    .action(({ name }: { readonly name: string }) => down(context, name));
}

async function down({ terminal, reporter, signal }: CliContext, name: string): Promise<void> {
  const found = await inspectInstance(instancePaths(name));
  if (found.kind === 'running') {
    const view = new ProgressView(reporter);
    await found.client.down((progress) => view.show(progress), signal);
    return;
  }
  if (found.kind === 'failed') reporter.warn(`Last time: ${found.error.message}`);
  terminal.err(`Instance ${name} is not running.\n`);
}
