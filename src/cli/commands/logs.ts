import { readFile } from 'node:fs/promises';
import { Command, Option } from 'commander';
import { BulkheadError } from '../../common/errors/bulkhead-error.js';
import { printable, printableJson } from '../../common/printable.js';
import { inspectInstance, instancePaths } from '../../vm/index.js';
import type { CliContext } from '../context.js';
import { jsonOption, nameOption } from '../options.js';
import { formatLogLine } from '../output/log-line.js';

const services = ['bulkheadd', 'containerd', 'dockerd', 'controller', 'console'] as const;

interface LogFlags {
  readonly name: string;
  readonly service?: (typeof services)[number];
  readonly follow?: boolean;
  readonly json?: boolean;
}

export function logsCommand(context: CliContext): Command {
  return new Command('logs')
    .description('print what the services in the VM wrote')
    .addOption(nameOption())
    .addOption(new Option('-s, --service <service>', 'only this one').choices(services))
    .addOption(new Option('-f, --follow', 'go on with new lines until Ctrl-C'))
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
\`console\` (the VM's kernel) and \`controller\` are files on this machine and can be read when no VM runs.

Examples:
  $ bulkhead logs --service dockerd --follow
  $ bulkhead logs --service console      why the last boot failed
  $ bulkhead logs --json | jq 'select(.level == "error")'`,
    )
    .action((flags: LogFlags) => logs(context, flags));
}

async function logs(
  { terminal, signal }: CliContext,
  { name, service, follow, json }: LogFlags,
): Promise<void> {
  const paths = instancePaths(name);
  const print = (line: string): void =>
    terminal.out(`${json === true ? printableJson(line) : formatLogLine(line)}\n`);
  if (service === 'console' || service === 'controller') {
    if (follow === true) {
      const rule = 'only the services in the VM can be followed';
      throw new BulkheadError('BH_OPTION_VALUE', {
        option: '--follow',
        value: `with --service ${service}`,
        rule,
      });
    }
    const file = service === 'console' ? paths.consoleLog : paths.controllerLog;
    const text = await readFile(file, 'utf8').catch(() => '');
    const lines = text.split('\n').filter((line) => line !== '');
    // What the guest wrote to its console is not to be trusted with the terminal.
    for (const line of lines) print(service === 'console' ? printable(line) : line);
    return;
  }
  const found = await inspectInstance(paths);
  if (found.kind === 'failed') throw found.error;
  if (found.kind === 'stopped') throw new BulkheadError('BH_INSTANCE_NOT_RUNNING', { name });
  const query = {
    ...(service === undefined ? {} : { service }),
    ...(follow === undefined ? {} : { follow }),
  };
  await found.client.logs(query, print, signal);
}
