import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { BulkheadError } from '../common/errors/bulkhead-error.js';
import { cacheRoot, checkRememberedKey, loadManifest, rememberedPolicyKey } from '../image/index.js';
import { vmShape } from '../policy/index.js';
import { type ControllerOptions, findImage } from '../vm/index.js';
import { registryFileOf } from '../vm/documents/index.js';
import { parseShare, type ShareRequest, shareText } from '../vm/sharing/index.js';
import { policyFileOf, policyOption } from './commands/policy/policy-files.js';
import type { CliContext } from './context.js';

export { jsonOption, nameOption } from './basic-options.js';

export function shareOption(): Option {
  return new Option(
    '--share <directory[:ro]>',
    'let containers bind it, at the same path; may be given several times',
  )
    .argParser((text: string, before: readonly ShareRequest[]) => [...before, parseShare(text)])
    .default([], 'none');
}

export function sshAgentOption(): Option {
  return new Option(
    '--ssh-agent',
    'let containers bind /run/host-services/ssh-auth.sock: the agent of SSH_AUTH_SOCK',
  );
}

export function egressOption(): Option {
  return new Option(
    '--egress',
    "let the engine and its containers connect to the world, by this machine's network",
  );
}

export function registryOption(): Option {
  return new Option(
    '--registry-json <file>',
    "Docker's registry.json: of the policy's organizations, those whose members may use this machine (default: /etc/bulkhead/registry.json, where it exists)",
  );
}

/** As commander hands them over. */
export interface VmFlags {
  readonly image?: string;
  readonly policy?: string;
  /** The user's own; `up` finds it. */
  readonly settings?: string;
  readonly registryJson?: string;
  readonly share?: readonly ShareRequest[];
  readonly exposeTcp?: boolean;
  readonly sshAgent?: true;
  readonly memory?: number;
  readonly cpus?: number;
  readonly dataSize?: number;
  readonly timeout?: number;
}

/** The options that shape a VM; `up` passes them on to the controller as they are. */
export function addVmOptions(command: Command): Command {
  const { memoryMiB, cpus, dataSizeGiB } = vmShape;
  const orSetting = (name: keyof typeof vmShape): string =>
    `(default: the setting bulkhead.${name}, or ${vmShape[name].builtIn})`;
  return command
    .addOption(
      new Option(
        '--image <directory>',
        'the VM image (default: that of this checkout, elsewhere the one built last)',
      ).env('BULKHEAD_IMAGE'),
    )
    .addOption(policyOption())
    .addOption(new Option('--settings <file>', "the user's own settings").hideHelp())
    .addOption(registryOption())
    .addOption(shareOption())
    .addOption(sshAgentOption())
    .addOption(new Option('--expose-tcp', 'offer the API on port 2375 of the loopback').hideHelp())
    .addOption(
      new Option('--memory <MiB>', `memory of the VM ${orSetting('memoryMiB')}`).argParser(
        wholeNumber('--memory', memoryMiB.least, memoryMiB.most),
      ),
    )
    .addOption(
      new Option('--cpus <number>', `processors of the VM ${orSetting('cpus')}`).argParser(
        wholeNumber('--cpus', cpus.least, cpus.most),
      ),
    )
    .addOption(
      new Option(
        '--data-size <GiB>',
        `size of a new data disk; it takes only the space that is used ${orSetting('dataSizeGiB')}`,
      ).argParser(wholeNumber('--data-size', dataSizeGiB.least, dataSizeGiB.most)),
    )
    .addOption(
      new Option('--timeout <seconds>', 'how long the boot may take (default: by acceleration)').argParser(
        wholeNumber('--timeout', 1, 86_400),
      ),
    );
}

async function namedImage(given: string, cacheDir: string): Promise<string> {
  const image = resolve(given);
  if (rememberedPolicyKey(cacheDir) !== undefined)
    checkRememberedKey(cacheDir, image, (await loadManifest(image)).policyKey);
  return image;
}

/** Throws `BH_NO_IMAGE`, `BH_IMAGE_POLICY_KEY`. */
export async function controllerOptions(
  flags: VmFlags,
  { env, projectDir }: CliContext,
): Promise<ControllerOptions> {
  return {
    image:
      flags.image === undefined
        ? await findImage(cacheRoot(env), projectDir)
        : await namedImage(flags.image, cacheRoot(env)),
    policy: await policyFileOf(flags.policy),
    settings: flags.settings,
    registry: await registryFileOf(flags.registryJson),
    shares: flags.share ?? [],
    exposeTcp: flags.exposeTcp,
    sshAgent: flags.sshAgent,
    memoryMiB: flags.memory ?? vmShape.memoryMiB.builtIn,
    cpus: flags.cpus ?? vmShape.cpus.builtIn,
    dataSizeMiB: (flags.dataSize ?? vmShape.dataSizeGiB.builtIn) * 1024,
    timeoutMs: flags.timeout === undefined ? undefined : flags.timeout * 1000,
  };
}

/** The same options as arguments again, the image by its absolute path. */
export function controllerArguments(options: ControllerOptions): string[] {
  return [
    ['--image', options.image],
    options.policy === undefined ? [] : ['--policy', options.policy],
    options.settings === undefined ? [] : ['--settings', options.settings],
    options.registry === undefined ? [] : ['--registry-json', options.registry],
    ...(options.shares ?? []).map((share) => ['--share', shareText(share)]),
    options.exposeTcp === true ? ['--expose-tcp'] : [],
    options.sshAgent === true ? ['--ssh-agent'] : [],
    ['--memory', String(options.memoryMiB)],
    ['--cpus', String(options.cpus)],
    ['--data-size', String(options.dataSizeMiB / 1024)],
    options.timeoutMs === undefined ? [] : ['--timeout', String(options.timeoutMs / 1000)],
  ].flat();
}

/** Of an option: decimal digits alone, within both limits. */
export function wholeNumber(option: string, least: number, most: number): (text: string) => number {
  return (value) => {
    const number = Number(value);
    if (/^\d+$/.test(value) && number >= least && number <= most) return number;
    throw new BulkheadError('BH_OPTION_VALUE', {
      option,
      value,
      rule: `a whole number from ${least} to ${most}`,
    });
  };
}
