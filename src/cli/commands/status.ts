import { Command } from 'commander';
import { z } from 'zod';
import { ExitCode } from '../../common/errors/definition.js';
import { type Health, parseHealth, policySchema } from '../../common/health.js';
import { printable, printableJson } from '../../common/printable.js';
import { type ControllerStatus, inspectInstance, instancePaths } from '../../vm/index.js';
import { policyChange, policyFileOf } from '../../vm/documents/index.js';
import type { CliContext } from '../context.js';
import { findNativeEngine } from '../find-engine.js';
import { jsonOption, nameOption } from '../options.js';
import { policyText } from '../output/policy-text.js';
import { signInStateOf, signInText } from '../output/sign-in-text.js';
import { seconds } from '../output/step-text.js';

const nativeDeadlineMs = 2_000;

export function statusCommand(context: CliContext): Command {
  return new Command('status')
    .description('say what the VM, or the engine without one, is doing')
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

async function status({ terminal, signal }: CliContext, name: string, json: boolean): Promise<void> {
  const found = await inspectInstance(instancePaths(name));
  if (found.kind === 'running') {
    const now = await found.client.status();
    const restart = await policyChange(now.policy, now.policy?.file ?? (await policyFileOf(undefined)));
    const document = { ...now, restartNeeded: restart ?? null };
    terminal.out(
      json ? `${printableJson(JSON.stringify(document))}\n` : describe(now, restart, standingOf(now.guest)),
    );
    if (now.state !== 'ready') process.exitCode = ExitCode.temporary;
    return;
  }
  const native = await nativeStatus(name, signal);
  if (native !== undefined) {
    terminal.out(json ? `${printableJson(JSON.stringify(native))}\n` : describeNative(native));
    if (native.state !== 'ready') process.exitCode = ExitCode.temporary;
    return;
  }
  if (json) {
    const error = found.kind === 'failed' ? { code: found.error.code, params: found.error.params } : null;
    terminal.out(`${JSON.stringify({ name, state: found.kind, error })}\n`);
  } else {
    terminal.out(`${name}: ${found.kind}\n`);
  }
  if (found.kind === 'failed') throw found.error;
  process.exitCode = ExitCode.unavailable;
}

/** The guest is not trusted: what it says of its policy is shown where it makes sense. */
function standingOf(guest: unknown): string | undefined {
  const parsed = z.object({ policy: policySchema }).safeParse(guest);
  return parsed.success ? printable(policyText(parsed.data.policy, Date.now())) : undefined;
}

interface NativeStatus {
  readonly name: string;
  readonly state: 'ready' | 'booting';
  readonly backend: 'native';
  readonly dockerHost: string;
  readonly guest: Health;
}

/** Undefined where no engine of this name runs on this kernel, or it does not answer. */
async function nativeStatus(name: string, signal: AbortSignal): Promise<NativeStatus | undefined> {
  const engine = findNativeEngine(name);
  const guest = await engine
    ?.status(AbortSignal.any([signal, AbortSignal.timeout(nativeDeadlineMs)]))
    .then(parseHealth)
    .catch(() => undefined);
  signal.throwIfAborted();
  if (engine === undefined || guest === undefined) return undefined;
  const state = guest.engine.ready ? 'ready' : 'booting';
  return { name, state, backend: 'native', dockerHost: `unix://${engine.dockerSocket}`, guest };
}

function describeNative({ name, state, backend, dockerHost, guest }: NativeStatus): string {
  return describeRows(name, [
    ['state', state],
    ['backend', backend],
    ['docker', dockerHost],
    ['policy', standingOf(guest) ?? ''],
    ['signed in', signInText(guest.signIn)],
  ]);
}

function describe(now: ControllerStatus, restart: string | undefined, standing: string | undefined): string {
  const ready = now.readyAfterMs === null ? '' : `, ready after ${seconds(now.readyAfterMs)}`;
  const phase = now.state === 'booting' ? ` (${now.phases.at(-1)?.phase ?? 'kernel not seen yet'})` : '';
  const rows: [string, string][] = [
    ['state', `${now.state}${phase}${ready}`],
    ['backend', [now.backend, now.accelerator].filter((part) => part !== null).join(', ')],
    ['docker', now.dockerHost],
    ['signed in', signInText(signInStateOf(now.guest))],
    ['image', now.image],
    ['root hash', now.rootHash ?? ''],
    ['policy', standing ?? now.policy?.file ?? ''],
    ['restart', restart === undefined ? '' : `needed: ${restart}`],
    ['data disk', now.dataDisk],
    ['console', now.consoleLog],
    ['processes', `controller ${now.pid}${now.vmPid === null ? '' : `, VM ${now.vmPid}`}`],
    ['note', now.note ?? ''],
  ];
  return describeRows(now.name, rows);
}

function describeRows(name: string, rows: readonly (readonly [string, string])[]): string {
  const shown = rows.filter(([, value]) => value !== '');
  return `${name}\n${shown.map(([key, value]) => `  ${key.padEnd(10)} ${value}`).join('\n')}\n`;
}
