import { mkdir, readFile, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { codeOf } from '../common/cause.js';
import { BulkheadError, isBulkheadError } from '../common/errors/bulkhead-error.js';
import { type Exec, systemExec } from '../common/exec.js';
import { inStep, type Reporter, silentReporter } from '../common/reporter.js';
import { assemble, type AssembleOptions } from './assemble.js';
import type { BuildOptions, BuiltImage } from './build-options.js';
import { imageDir } from './cache.js';
import { useCached } from './cache-use.js';
import { copySources, hashSources, imageKey, keyOf } from './image-key.js';
import { type ImageFileRole, loadManifest, type Manifest, parseManifest } from './manifest.js';
import { checkMachine, type Machine, thisMachine } from './preflight.js';
import { pruneCache } from './prune.js';
import { parsePackages } from './recipe.js';
import { removeTree, temporaryDirectory } from './staging.js';
import { prepareUserland, type Userland } from './userland.js';
import { verifyImage } from './verify.js';

/** What the build touches of the outside; replaced in tests. */
export interface BuildEnvironment {
  readonly exec: Exec;
  readonly machine: Machine;
  readonly now: () => Date;
}

const realEnvironment: BuildEnvironment = { exec: systemExec, machine: thisMachine, now: () => new Date() };

/**
 * Builds the VM image, or finds the one these inputs made before. The finished directory appears in the cache at once or not at
 * all; a build that fails or is aborted leaves the previous image alone. Throws `BH_IMAGE_…` errors, or the signal's reason.
 */
export async function buildImage(
  options: BuildOptions,
  reporter: Reporter,
  environment: BuildEnvironment = realEnvironment,
): Promise<BuiltImage> {
  try {
    return await findOrBuild(options, reporter, environment);
  } catch (error) {
    // A tool ended by the abort fails in its own way; the reason is what the caller knows.
    options.signal?.throwIfAborted();
    throw error;
  }
}

async function findOrBuild(
  options: BuildOptions,
  reporter: Reporter,
  environment: BuildEnvironment,
): Promise<BuiltImage> {
  const { cacheDir, flavour = 'release', pin, policyKey, signal } = options;
  if (options.force !== true && options.checkReproducible !== true) {
    const found = await usableImage(
      await imageKey(options.projectDir, flavour, { pin, policyKey }),
      options,
      reporter,
    );
    if (found !== undefined) return found;
  }
  await checkMachine(cacheDir, environment.machine);
  const userland = await unpackPackages(options, reporter, environment);
  warnIfExpired(userland.suite, reporter);
  await using _packages = await useCached(cacheDir, dirname(userland.root));

  await using temporary = await temporaryDirectory(join(cacheDir, 'images'));
  // Somebody may edit the sources meanwhile: the image is made of what its key says because both are taken from a copy.
  const projectDir = join(temporary.path, 'sources');
  await copySources(options.projectDir, projectDir);
  const sources = await hashSources(projectDir);
  const key = await keyOf(sources, flavour, { pin, policyKey });
  const dir = imageDir(cacheDir, key);
  const assembly = { projectDir, flavour, policyKey, userland, signal, sources };
  const made = join(temporary.path, 'image');
  await mkdir(made);
  await assemble(made, assembly, reporter, environment.exec);
  const manifest = await inStep(reporter, 'Verify the image', () =>
    verifyImage(made, signal === undefined ? {} : { signal }),
  );
  if (options.checkReproducible === true) {
    await inStep(reporter, 'Build a second time and compare', () =>
      checkReproducible(join(temporary.path, 'again'), manifest, assembly, environment.exec),
    );
  }
  await replaceDirectory(made, dir, temporary.path);
  if (manifest.warning !== undefined) reporter.warn(manifest.warning);
  // What cannot be deleted costs space, not the image that was just made.
  await pruneCache(cacheDir).catch((error: unknown) => {
    reporter.warn(`Old images could not be deleted from ${cacheDir}: ${String(error)}`);
  });
  return { dir, key, manifest, reused: false };
}

/** A damaged image in the cache is built anew; that it was damaged is said. */
async function usableImage(
  key: string,
  options: BuildOptions,
  reporter: Reporter,
): Promise<BuiltImage | undefined> {
  const dir = imageDir(options.cacheDir, key);
  const known = await loadManifest(dir).catch(() => undefined);
  if (known === undefined) return undefined;
  await using _image = await useCached(options.cacheDir, dir);
  try {
    const manifest = await verifyImage(dir, options.signal === undefined ? {} : { signal: options.signal });
    const { suite } = manifest;
    if (options.strict === true && suite.expired) {
      throw new BulkheadError('BH_IMAGE_RELEASE_EXPIRED', {
        suite: suite.name,
        validUntil: suite.validUntil ?? '',
      });
    }
    warnIfExpired(suite, reporter);
    return { dir, key, manifest, reused: true };
  } catch (error) {
    if (!isBulkheadError(error) || error.code === 'BH_IMAGE_RELEASE_EXPIRED') throw error;
    reporter.warn(`The image in the cache is damaged and will be built again. ${error.message}`);
    return undefined;
  }
}

async function unpackPackages(
  options: BuildOptions,
  reporter: Reporter,
  environment: BuildEnvironment,
): Promise<Userland> {
  const file = join(options.projectDir, 'vm-image/packages.txt');
  const packages = parsePackages(await readFile(file, 'utf8'), file);
  const pin =
    options.pin === undefined
      ? undefined
      : { path: options.pin, manifest: await pinnedManifest(options.pin) };
  const request = {
    parent: join(options.cacheDir, 'userland'),
    packages,
    pin,
    strict: options.strict ?? false,
    refresh: options.force ?? false,
    mirror: options.mirror ?? process.env['BULKHEAD_APT_MIRROR'],
    now: environment.now(),
    signal: options.signal,
  };
  return inStep(
    reporter,
    'Unpack the Debian packages',
    () => prepareUserland(request, environment.exec),
    ({ packages, reused }) => `${packages.length} packages${reused ? ', unpacked before' : ''}`,
  );
}

async function pinnedManifest(path: string): Promise<Manifest> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new BulkheadError('BH_IMAGE_FILE_MISSING', { file: path }, { cause });
  });
  return parseManifest(text, path);
}

function warnIfExpired(suite: Manifest['suite'], reporter: Reporter): void {
  if (!suite.expired) return;
  reporter.warn(
    `The mirror's Release file of Debian ${suite.name} is signed but was valid only until ${suite.validUntil}: security updates ` +
      'published since are not in this image. The manifest records it; --strict refuses it.',
  );
}

/** Throws `BH_IMAGE_STEP_FAILED` naming the file that differs. */
async function checkReproducible(
  dir: string,
  first: Manifest,
  options: AssembleOptions,
  exec: Exec,
): Promise<void> {
  await mkdir(dir);
  const second = await assemble(dir, options, silentReporter, exec, 'backward');
  const roles: readonly ImageFileRole[] = ['kernel', 'initramfs', 'root', 'hash'];
  const different = roles.filter((role) => first.files[role].sha256 !== second.files[role].sha256);
  const differs = (part: (manifest: Manifest) => unknown): boolean =>
    JSON.stringify(part(first)) !== JSON.stringify(part(second));
  const parts = [
    ...different,
    ...(differs(({ verity }) => verity.rootHash) ? ['root hash'] : []),
    ...(differs(({ shareServer }) => shareServer) ? ['server of shared directories'] : []),
  ];
  if (parts.length === 0) return;
  const reason = `a second build made another ${parts.join(' and ')}`;
  throw new BulkheadError('BH_IMAGE_STEP_FAILED', { step: 'the reproducibility check', reason });
}

/** rename(2) does not replace a directory that is not empty, so the old one makes room first. */
async function replaceDirectory(made: string, dir: string, temporary: string): Promise<void> {
  await rename(dir, join(temporary, 'old')).catch((error: unknown) => {
    if (codeOf(error) !== 'ENOENT') throw error;
  });
  await rename(made, dir);
  await removeTree(join(temporary, 'old'));
}
