import { Command } from 'commander';
import { printableJson } from '../../common/printable.js';
import { controllerEntry, inspectInstance, instancePaths, startController } from '../../vm/index.js';
import type { CliContext } from '../context.js';
import {
  addVmOptions,
  controllerArguments,
  controllerOptions,
  jsonOption,
  nameOption,
  type VmFlags,
} from '../options.js';
import { settingsInUse } from '../settings-in-use.js';
import { shapedBySettings } from '../vm-settings.js';
import { policyOption } from './policy/policy-files.js';
import { ProgressView } from '../output/progress-view.js';

interface UpFlags extends VmFlags {
  readonly name: string;
  readonly json?: boolean;
  readonly policy?: string;
}

export function upCommand(context: CliContext): Command {
  return addVmOptions(
    new Command('up').description('boot the VM and wait until its engine answers').addOption(nameOption()),
  )
    .addOption(policyOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
The VM runs in the background until \`bulkhead down\`. Its image is verified before each boot. Options that shape the VM take
effect when it boots; a VM that already runs is left as it is.

Examples:
  $ bulkhead up                          boot, with progress
  $ eval "$(bulkhead env)" && docker ps   use it
  $ bulkhead up --name ci --memory 4096  a second VM beside the first`,
    )
    .action((flags: UpFlags) => up(context, flags));
}

async function up(context: CliContext, flags: UpFlags): Promise<void> {
  const paths = instancePaths(flags.name);
  const view = new ProgressView(context.reporter);
  const found = await inspectInstance(paths);
  if (found.kind === 'running') {
    const { state } = await found.client.status();
    if (state === 'ready' || state === 'verifying' || state === 'starting' || state === 'booting') {
      if (state === 'ready') context.terminal.err(`Instance ${flags.name} is already running.\n`);
      else await found.client.waitReady((progress) => view.show(progress), context.signal);
      return tell(context, flags);
    }
    // It is on its way out, for whatever reason: what matters is that it is gone.
    await found.client.down((progress) => view.show(progress)).catch(() => undefined);
  } else if (found.kind === 'failed') {
    context.reporter.warn(`Last time: ${found.error.message}`);
  }
  const shaped = shapedBySettings(flags, await settingsInUse(context.env, flags.policy));
  const options = await controllerOptions(shaped, context);
  const command = [
    ...context.self,
    controllerEntry,
    '--name',
    flags.name,
    ...controllerArguments(options),
  ] as const;
  await startController(paths, command, (progress) => view.show(progress), context.signal);
  return tell(context, flags);
}

/** Says how to go on, or as JSON what is running now. */
async function tell({ terminal }: CliContext, { name, json }: UpFlags): Promise<void> {
  const paths = instancePaths(name);
  if (json === true) {
    const now = await inspectInstance(paths);
    const status = now.kind === 'running' ? await now.client.status() : undefined;
    terminal.out(`${printableJson(JSON.stringify(status ?? null))}\n`);
    return;
  }
  const option = name === 'default' ? '' : ` --name ${name}`;
  terminal.err(`Docker: unix://${paths.dockerSocket}\nUse it with  eval "$(bulkhead env${option})"\n`);
}
