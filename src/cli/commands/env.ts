import { existsSync } from 'node:fs';
import { Command, Option } from 'commander';
import { inspectInstance, instancePaths } from '../../vm/index.js';
import { BulkheadError } from '../../common/errors/bulkhead-error.js';
import type { CliContext } from '../context.js';
import { nameOption } from '../options.js';

const shells = ['sh', 'fish', 'powershell'] as const;
type Shell = (typeof shells)[number];

export function envCommand(context: CliContext): Command {
  return new Command('env')
    .description('print what lets Docker clients use the VM')
    .addOption(nameOption())
    .addOption(new Option('--shell <shell>', 'whose syntax').choices(shells).default('sh'))
    .addHelpText(
      'after',
      `
Sets DOCKER_HOST in this shell alone, so that docker, compose and testcontainers use the VM. \`unset DOCKER_HOST\` leads
back to the engine they used before.

Examples:
  $ eval "$(bulkhead env)"
  $ bulkhead env --shell fish | source
  > bulkhead env --shell powershell | Invoke-Expression`,
    )
    .action(async ({ name, shell }: { readonly name: string; readonly shell: Shell }) => {
      const paths = instancePaths(name);
      const found = await inspectInstance(paths);
      if (found.kind === 'failed') throw found.error;
      if (found.kind === 'stopped') throw new BulkheadError('BH_INSTANCE_NOT_RUNNING', { name });
      checkIsThere(paths.runtimeDir);
      context.terminal.out(`${assignment(shell, `unix://${paths.dockerSocket}`)}\n`);
    });
}

/** Threat: it runs, but its sockets are not where this environment says, so whoever makes that directory would be talked to. Throws `BH_RUNTIME_DIRECTORY`. */
function checkIsThere(directory: string): void {
  if (existsSync(directory)) return;
  const reason =
    'it is not there, though the instance runs: XDG_RUNTIME_DIR was another when it was started, or the directory went with that session';
  throw new BulkheadError('BH_RUNTIME_DIRECTORY', { directory, reason });
}

/** Sets DOCKER_HOST in the syntax of a shell. The path may hold anything a directory name may. */
export function assignment(shell: Shell, value: string): string {
  switch (shell) {
    case 'sh':
      return `export DOCKER_HOST=${/^[\w:/.@%+=,-]+$/.test(value) ? value : `'${value.replaceAll("'", String.raw`'\''`)}'`}`;
    case 'fish':
      return `set -gx DOCKER_HOST '${value.replaceAll('\\', String.raw`\\`).replaceAll("'", String.raw`\'`)}';`;
    case 'powershell':
      return `$Env:DOCKER_HOST = '${value.replaceAll("'", "''")}'`;
  }
}
