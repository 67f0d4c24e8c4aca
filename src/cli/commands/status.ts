import { Command } from 'commander';
import { printableJson } from '../../common/printable.js';
import { type ControllerStatus, inspectInstance, instancePaths } from '../../vm/index.js';
import type { CliContext } from '../context.js';
import { jsonOption, nameOption } from '../options.js';
import { seconds } from '../output/step-text.js';

export function statusCommand(context: CliContext): Command {
  return new Command('status')
    .description('say what the VM is doing')
    .addOption(nameOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Exit status 0 when the engine is ready, otherwise that of the error (69 when nothing runs, 75 while it boots).

Examples:
  $ bulkhead status
  $ bulkhead status --json | jq .phases`,
    )
    .action(({ name, json }: { readonly name: string; readonly json?: boolean }) =>
      status(context, name, json ?? false),
    );
}

async function status({ terminal }: CliContext, name: string, json: boolean): Promise<void> {
  const found = await inspectInstance(instancePaths(name));
  if (found.kind === 'running') {
    const now = await found.client.status();
    terminal.out(json ? `${printableJson(JSON.stringify(now))}\n` : describe(now));
    if (now.state !== 'ready') process.exitCode = 75;
    return;
  }
  if (json) {
    const error = found.kind === 'failed' ? { code: found.error.code, params: found.error.params } : null;
    terminal.out(`${JSON.stringify({ name, state: found.kind, error })}\n`);
  } else {
    terminal.out(`${name}: ${found.kind}\n`);
  }
  if (found.kind === 'failed') throw found.error;
  process.exitCode = 69;
}

function describe(now: ControllerStatus): string {
  const ready = now.readyAfterMs === null ? '' : `, ready after ${seconds(now.readyAfterMs)}`;
  const phase = now.state === 'booting' ? ` (${now.phases.at(-1)?.phase ?? 'kernel not seen yet'})` : '';
  const rows: [string, string][] = [
    ['state', `${now.state}${phase}${ready}`],
    ['backend', [now.backend, now.accelerator].filter((part) => part !== null).join(', ')],
    ['docker', now.dockerHost],
    ['image', now.image],
    ['root hash', now.rootHash ?? ''],
    ['data disk', now.dataDisk],
    ['console', now.consoleLog],
    ['processes', `controller ${now.pid}${now.vmPid === null ? '' : `, VM ${now.vmPid}`}`],
    ['note', now.note ?? ''],
  ];
  const shown = rows.filter(([, value]) => value !== '');
  return `${now.name}\n${shown.map(([key, value]) => `  ${key.padEnd(10)} ${value}`).join('\n')}\n`;
}
