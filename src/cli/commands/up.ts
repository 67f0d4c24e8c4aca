import { Command } from 'commander';
import { printableJson } from '../../common/printable.js';
import { loadManifest } from '../../image/index.js';
import { admitPolicy } from '../../policy/index.js';
import { admissionOf, type BootedPolicy, policyChange, readPolicyFile } from '../../vm/documents/index.js';
import {
  controllerEntry,
  type ControllerOptions,
  crashedBeforeBoot,
  inspectInstance,
  instancePaths,
  startController,
} from '../../vm/index.js';
import type { CliContext } from '../context.js';
import { tellContext } from '../docker-context/tell-context.js';
import {
  addVmOptions,
  controllerArguments,
  controllerOptions,
  jsonOption,
  nameOption,
  type VmFlags,
} from '../options.js';
import { otherShares } from '../other-shares.js';
import { policyFileOf } from './policy/policy-files.js';
import { settingsInUse } from '../settings-in-use.js';
import { shapedBySettings } from '../vm-settings.js';
import { ProgressView } from '../output/progress-view.js';

interface UpFlags extends VmFlags {
  readonly name: string;
  readonly json?: boolean;
  /** False with --no-context. */
  readonly context: boolean;
  readonly useContext?: boolean;
}

export function upCommand(context: CliContext): Command {
  return addVmOptions(
    new Command('up').description('boot the VM and wait until its engine answers').addOption(nameOption()),
  )
    .option('--use-context', "make the instance's Docker context the current one, for every shell")
    .option('--no-context', 'leave the contexts of Docker alone')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
The VM runs in the background until \`bulkhead down\`. Its image is verified before each boot. Options that shape the VM take
effect when it boots, and so does the policy: a VM that already runs is left as it is, unless the new policy says
bulkhead.restartOnChange; then it is restarted. \`bulkhead status\` says where a restart is needed.

A directory given with --share is at the same path in containers, so that \`-v "$PWD":/src\` and compose work unchanged. What a
container does there, it does with your rights, so name projects rather than your home. Without --share those of the setting
bulkhead.shares are shared; the organization's filesharingAllowedDirectories is the bound of both.

With --ssh-agent a container that binds /run/host-services/ssh-auth.sock can list the keys of your ssh agent and have anything
signed with them, for as long as it runs, and nothing else of it; under a policy bulkhead.sshAgent must allow it.

Docker's context \`bulkhead\` (\`bulkhead-NAME\` of another instance) is made, or made right, where a Docker client is on PATH. It
becomes the current one with --use-context alone, stays after \`down\`, and is removed with \`docker context rm\`. None is made
where other users could put a socket of theirs in the place of this one, as below /tmp: XDG_RUNTIME_DIR names another directory.

Examples:
  $ bulkhead up                           boot, with progress
  $ eval "$(bulkhead env)" && docker ps   use it in this shell
  $ bulkhead up --use-context             use it in every shell
  $ bulkhead up --share "$PWD" --share ~/fixtures:ro
  $ bulkhead up --ssh-agent               docker run -v /run/host-services/ssh-auth.sock:/agent.sock -e SSH_AUTH_SOCK=/agent.sock …
  $ bulkhead up --policy admin-settings.json
  $ bulkhead up --name ci --memory 4096   a second VM beside the first`,
    )
    .action((flags: UpFlags) => up(context, flags));
}

async function up(context: CliContext, given: UpFlags): Promise<void> {
  let flags = given;
  const paths = instancePaths(flags.name);
  const view = new ProgressView(context.reporter);
  const found = await inspectInstance(paths);
  if (found.kind === 'running') {
    const { state, policy: first, shares, sshAgent } = await found.client.status();
    if (state === 'ready' || state === 'verifying' || state === 'starting' || state === 'booting') {
      if (state === 'ready') {
        context.terminal.err(`Instance ${flags.name} is already running.\n`);
        const restart = otherShares(flags.share ?? [], shares);
        if (restart !== undefined) context.terminal.err(`${restart}\n`);
        if (flags.sshAgent === true && !sshAgent)
          context.terminal.err(
            'Restart needed: it was booted without the ssh agent. `bulkhead down`, then `bulkhead up --ssh-agent`.\n',
          );
      } else await found.client.waitReady((progress) => view.show(progress), context.signal);
      const booted = state === 'ready' ? first : (await found.client.status()).policy;
      const policy = await policyOfRestart(context, flags, booted);
      if (policy === undefined) return tell(context, flags);
      flags = { ...flags, policy };
    }
  } else if (found.kind === 'failed') {
    context.reporter.warn(`Last time: ${found.error.message}`);
  }
  const options = await optionsInUse(context, flags);
  // It is on its way out, for whatever reason: what matters is that it is gone. Not before it is certain that another can be asked for.
  if (found.kind === 'running')
    await found.client.down((progress) => view.show(progress)).catch(() => undefined);
  const command = [
    ...context.self,
    controllerEntry,
    '--name',
    flags.name,
    ...controllerArguments(options),
  ] as const;
  const start = (): Promise<void> =>
    startController(paths, command, (progress) => view.show(progress), context.signal);
  await start().catch(async (error: unknown) => {
    if (!crashedBeforeBoot(error)) throw error;
    context.reporter.warn('QEMU crashed before the VM had begun, so it is started once more.');
    await start();
  });
  return tell(context, flags);
}

async function optionsInUse(context: CliContext, flags: UpFlags): Promise<ControllerOptions> {
  const inUse = await settingsInUse(context.env, flags.policy);
  const { file: settings, document } = inUse.user;
  const own = Object.keys(document).length === 0 ? {} : { settings };
  const exposeTcp = inUse.effective.exposeDockerAPIOnTCP2375.value;
  return controllerOptions({ ...shapedBySettings(flags, inUse), ...own, exposeTcp }, context);
}

/**
 * The policy for which the VM that runs has to make room; undefined where it goes on. A file that would not come into force is an error, and changes nothing: the VM goes
 * on under the policy it has. From the end of one VM to the start of the next no engine is served at all.
 */
async function policyOfRestart(
  context: CliContext,
  flags: UpFlags,
  booted: BootedPolicy,
): Promise<string | undefined> {
  const file = await policyFileOf(flags.policy ?? booted?.file);
  const change = await policyChange(booted, file);
  if (change === undefined || file === undefined) return undefined;
  const policy = await readPolicyFile(file);
  const { image } = await controllerOptions(flags, context);
  const admission = await admissionOf(await loadManifest(image), instancePaths(flags.name).policyRecords);
  admitPolicy(policy, admission, file);
  if (policy.settings.bulkhead?.restartOnChange === true) {
    context.terminal.err(`Restarting it, as the policy asks (bulkhead.restartOnChange): ${change}.\n`);
    return file;
  }
  context.terminal.err(`Restart needed: ${change}. \`bulkhead down\`, then \`bulkhead up\`.\n`);
  return undefined;
}

/** Says how to go on, or as JSON what is running now. */
async function tell(context: CliContext, { name, json, useContext, ...flags }: UpFlags): Promise<void> {
  const { terminal } = context;
  const paths = instancePaths(name);
  const dockerHost = `unix://${paths.dockerSocket}`;
  const usage = flags.context
    ? await tellContext(context, { instance: name, dockerHost, use: useContext === true })
    : `Use it with  eval "$(bulkhead env${name === 'default' ? '' : ` --name ${name}`})"`;
  if (json === true) {
    const now = await inspectInstance(paths);
    const status = now.kind === 'running' ? await now.client.status() : undefined;
    terminal.out(`${printableJson(JSON.stringify(status ?? null))}\n`);
    return;
  }
  terminal.err(`Docker: ${dockerHost}\n${usage}\n`);
}
