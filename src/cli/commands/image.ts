import { createPublicKey } from 'node:crypto';
import { resolve } from 'node:path';
import { Command, Option } from 'commander';
import { inStep } from '../../common/reporter.js';
import {
  buildImage,
  type BuiltImage,
  cacheRoot,
  type Flavour,
  rememberedPolicyKey,
  rememberPolicyKey,
  verifyImage,
} from '../../image/index.js';
import { keyIdOf, publicKeyText } from '../../policy/index.js';
import { findImage } from '../../vm/index.js';
import type { CliContext } from '../context.js';
import { jsonOption } from '../options.js';
import { readKey } from './policy/policy-files.js';

export function imageCommand(context: CliContext): Command {
  return new Command('image')
    .description('build and check the VM image')
    .addCommand(buildCommand(context))
    .addCommand(verifyCommand(context));
}

interface BuildFlags {
  readonly flavour: Flavour;
  readonly strict?: boolean;
  readonly pin?: string;
  readonly policyKey?: string | false;
  readonly mirror?: string;
  readonly force?: boolean;
  readonly checkReproducible?: boolean;
  readonly json?: boolean;
}

function buildCommand(context: CliContext): Command {
  return new Command('build')
    .description('build the VM image, or find the one these sources built before')
    .addOption(
      new Option('--flavour <flavour>', 'a debug image has a shell and is not hardened')
        .choices(['release', 'debug'])
        .default('release'),
    )
    .option('--strict', 'refuse packages whose signed index is past its validity')
    .option('--pin <manifest>', 'use exactly the package versions of this earlier manifest.json')
    .option(
      '--policy-key <file>',
      "the organization's public key: the image serves under no policy but one signed with it. Remembered",
    )
    .option('--no-policy-key', 'forget the key: the image takes any policy, or none')
    .addOption(new Option('--mirror <address>', 'the Debian mirror').env('BULKHEAD_APT_MIRROR'))
    .option('--force', 'build even if the image is there')
    .option('--check-reproducible', 'build twice and compare')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Needs root and, the first time, a Debian mirror. The last line is the directory of the image. Under plain sudo that is in the
cache of root, where \`up\` finds it only as root, and sudo looks for programs along a path of its own.

Examples:
  $ sudo env "PATH=$PATH" XDG_CACHE_HOME="$HOME/.cache" bulkhead image build
  $ sudo env "PATH=$PATH" XDG_CACHE_HOME="$HOME/.cache" bulkhead image build --policy-key policy.pub
  $ bulkhead image build --pin old/manifest.json --check-reproducible`,
    )
    .action((flags: BuildFlags) => build(context, flags));
}

async function build(
  { env, projectDir, reporter, terminal, signal }: CliContext,
  flags: BuildFlags,
): Promise<void> {
  const { json, pin, policyKey: keyFlag, ...rest } = flags;
  const cacheDir = cacheRoot(env);
  const policyKey =
    keyFlag === undefined
      ? rememberedPolicyKey(cacheDir)
      : keyFlag === false
        ? undefined
        : publicKeyText(await readKey(keyFlag, 'public'));
  const built = await buildImage(
    {
      ...rest,
      ...(pin === undefined ? {} : { pin: resolve(pin) }),
      policyKey,
      projectDir,
      cacheDir,
      signal,
    },
    reporter,
  );
  if (keyFlag !== undefined) await rememberPolicyKey(cacheDir, policyKey);
  if (policyKey !== undefined && json !== true)
    terminal.err(`Policies must be signed with ${keyIdOf(createPublicKey(policyKey))}.\n`);
  terminal.out(json === true ? `${JSON.stringify(summary(built))}\n` : `${built.dir}\n`);
}

function summary({ dir, key, reused, manifest }: BuiltImage): object {
  const policyKey = manifest.policyKey === undefined ? null : keyIdOf(createPublicKey(manifest.policyKey));
  const sizes = Object.fromEntries(Object.entries(manifest.files).map(([role, { size }]) => [role, size]));
  return {
    dir,
    key,
    reused,
    flavour: manifest.flavour,
    rootHash: manifest.verity.rootHash,
    policyKey,
    sizes,
  };
}

function verifyCommand(context: CliContext): Command {
  return new Command('verify')
    .description('check every byte of an image against its manifest, as each boot does')
    .argument('[directory]', 'the image (default: the one `up` would boot)')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Examples:
  $ bulkhead image verify
  $ bulkhead image verify /srv/bulkhead/image && echo intact`,
    )
    .action((directory: string | undefined, { json }: { readonly json?: boolean }) =>
      verify(context, directory, json),
    );
}

async function verify(
  { env, projectDir, reporter, terminal, signal }: CliContext,
  directory: string | undefined,
  json = false,
): Promise<void> {
  const dir = directory === undefined ? await findImage(cacheRoot(env), projectDir) : resolve(directory);
  const manifest = await inStep(reporter, 'Verify the image', () => verifyImage(dir, { signal }));
  const { rootHash } = manifest.verity;
  terminal.out(
    json
      ? `${JSON.stringify({ dir, rootHash, flavour: manifest.flavour })}\n`
      : `${dir}: intact, root hash ${rootHash}\n`,
  );
}
