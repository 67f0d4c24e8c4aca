import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { ExitCode } from '../../common/errors/definition.js';
import { printableJson } from '../../common/printable.js';
import type { GuestFacts } from '../../vm/controller/guest-facts.js';
import type { Instance } from '../../vm/controller/inspect.js';
import { quickStatus } from '../../vm/controller/quick-status.js';
import { wasStoppedInOrder } from '../../vm/controller/quick-stopped.js';
import { runningController } from '../../vm/controller/running.js';
import type { ControllerStatus } from '../../vm/controller/status.js';
import { policyChange, policyFileOf } from '../../vm/documents/policy-change.js';
import { instancePaths } from '../../vm/instance/paths.js';
import { jsonOption, nameOption } from '../basic-options.js';
import type { CliContext } from '../context.js';
import { readHostFacts } from '../status/host-facts.js';
import { engineRows, placeRows, resourceRows, statusText, vmRows } from '../status/rows.js';
import { warningsOf } from '../status/warnings.js';

/** How long the VM may take: with what the command itself needs it is an answer at once. Where it takes longer its last word is told. */
const guestWithinMs = 60;

interface StatusFlags {
  readonly name: string;
  readonly json?: boolean;
  readonly fresh?: boolean;
}

export function statusCommand(context: CliContext): Command {
  return new Command('status')
    .description('say what the VM, or the engine without one, is doing')
    .addOption(nameOption())
    .option('--fresh', 'wait up to 2 s for what the VM says now, instead of telling its last word')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Answers at once, also where the VM is stuck: what it did not say in time is its last word, with the time, or missing, and said
to be. Sizes: \`disk\` and \`memory\` are first as the VM sees them, then what they take of this machine.

Exit status 0 when the engine is ready, otherwise that of the error (69 when nothing runs, 75 while it boots).

Examples:
  $ bulkhead status
  $ bulkhead status --json | jq .warnings`,
    )
    .action((flags: StatusFlags) => status(context, flags));
}

async function status(context: CliContext, flags: StatusFlags): Promise<void> {
  const { name, json = false, fresh = false } = flags;
  const paths = instancePaths(name);
  const nativeControl = join(paths.runtimeDir, 'engine', 'control.sock');
  const pid = await runningController(paths);
  if (pid === undefined && wasStoppedInOrder(paths.record) && !existsSync(nativeControl))
    return tellStopped(context, name, { kind: 'stopped' }, json);
  if (pid !== undefined && !fresh) {
    const vm = await quickStatus(paths.controllerSocket, guestWithinMs);
    if (vm !== undefined && vm.facts !== null) return tellVm(context, vm, vm.facts, json);
  }
  // Loaded only here: each takes longer than all the above.
  const { inspectInstance } = await import('../../vm/controller/inspect.js');
  const found = await inspectInstance(paths);
  if (found.kind === 'running') {
    const vm = await found.client.status(fresh ? undefined : guestWithinMs);
    const { guestFacts } = await import('../../vm/controller/guest-facts.js');
    return tellVm(context, vm, vm.facts ?? guestFacts(vm.guest), json);
  }
  if (existsSync(nativeControl)) {
    const { findNativeEngine } = await import('../find-engine.js');
    const { nativeStatus } = await import('../status/native-status.js');
    const native = await nativeStatus(findNativeEngine(name), name, context.signal);
    if (native !== undefined) {
      context.terminal.out(json ? jsonLine(native.document) : native.text);
      if (!native.ready) process.exitCode = ExitCode.temporary;
      return;
    }
  }
  tellStopped(context, name, found, json);
}

function tellStopped(
  { terminal }: CliContext,
  name: string,
  found: Exclude<Instance, { readonly kind: 'running' }>,
  json: boolean,
): void {
  const error = found.kind === 'failed' ? { code: found.error.code, params: found.error.params } : null;
  terminal.out(json ? jsonLine({ name, state: found.kind, error }) : `${name}: ${found.kind}\n`);
  if (found.kind === 'failed') throw found.error;
  process.exitCode = ExitCode.unavailable;
}

async function tellVm(
  { terminal }: CliContext,
  vm: ControllerStatus,
  guest: GuestFacts,
  json: boolean,
): Promise<void> {
  const [host, file] = await Promise.all([readHostFacts(vm.dataDisk, vm.vmPid), policyFileOf(undefined)]);
  const restart = await policyChange(vm.policy, vm.policy?.file ?? file);
  const now = Date.now();
  const ready = vm.state === 'ready';
  const lastWord = vm.guestAnswered ? undefined : vm.guestAt;
  const warnings = warningsOf({ now, mode: 'vm', ready, guest, lastWord, host, restart });
  const rows = [...vmRows, ...engineRows, ...resourceRows, ...placeRows];
  terminal.out(
    json
      ? jsonLine({ ...vm, restartNeeded: restart ?? null, warnings, host })
      : statusText(vm.name, warnings, rows, { now, guest, vm, host }),
  );
  if (!ready) process.exitCode = ExitCode.temporary;
}

const jsonLine = (document: unknown): string => `${printableJson(JSON.stringify(document))}\n`;
