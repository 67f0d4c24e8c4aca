import { Command } from 'commander';
import { z } from 'zod';
import { policySchema } from '../../common/health.js';
import { printable, printableJson } from '../../common/printable.js';
import { type ControllerStatus, inspectInstance, instancePaths } from '../../vm/index.js';
import { policyChange, policyFileOf } from '../../vm/documents/index.js';
import type { CliContext } from '../context.js';
import { jsonOption, nameOption } from '../options.js';
import { policyText } from '../output/policy-text.js';
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
    const restart = await policyChange(now.policy, now.policy?.file ?? (await policyFileOf(undefined)));
    const document = { ...now, restartNeeded: restart ?? null };
    terminal.out(
      json ? `${printableJson(JSON.stringify(document))}\n` : describe(now, restart, standingOf(now)),
    );
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

/** The guest is not trusted: what it says of its policy is shown where it makes sense. */
function standingOf({ guest }: ControllerStatus): string | undefined {
  const parsed = z.object({ policy: policySchema }).safeParse(guest);
  return parsed.success ? printable(policyText(parsed.data.policy, Date.now())) : undefined;
}

function describe(now: ControllerStatus, restart: string | undefined, standing: string | undefined): string {
  const ready = now.readyAfterMs === null ? '' : `, ready after ${seconds(now.readyAfterMs)}`;
  const phase = now.state === 'booting' ? ` (${now.phases.at(-1)?.phase ?? 'kernel not seen yet'})` : '';
  const rows: [string, string][] = [
    ['state', `${now.state}${phase}${ready}`],
    ['backend', [now.backend, now.accelerator].filter((part) => part !== null).join(', ')],
    ['docker', now.dockerHost],
    ['image', now.image],
    ['root hash', now.rootHash ?? ''],
    ['policy', standing ?? now.policy?.file ?? ''],
    ['restart', restart === undefined ? '' : `needed: ${restart}`],
    ['data disk', now.dataDisk],
    ['console', now.consoleLog],
    ['processes', `controller ${now.pid}${now.vmPid === null ? '' : `, VM ${now.vmPid}`}`],
    ['note', now.note ?? ''],
  ];
  const shown = rows.filter(([, value]) => value !== '');
  return `${now.name}\n${shown.map(([key, value]) => `  ${key.padEnd(10)} ${value}`).join('\n')}\n`;
}
