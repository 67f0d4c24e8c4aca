import { chmod, copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Exec } from '../common/exec.js';
import { version } from '../common/version.js';
import { inStep, type Reporter } from '../common/reporter.js';
import { makeBlockImages, runStep } from './block-image.js';
import { composeRoot } from './compose-root.js';
import { hashFile } from './file-hash.js';
import { writeInitramfs } from './initramfs.js';
import { listTree, type Listing } from './listing.js';
import { findKernel, loadModules, type KernelFiles } from './load-modules.js';
import { type Flavour, type Manifest, manifestFileName, manifestSchema } from './manifest.js';
import { writeProbeImage } from './probe-image.js';
import { buildPrograms, type Programs } from './programs.js';
import { writeShareServer } from './share-server.js';
import { parseModuleNames, parseRootRules } from './recipe.js';
import { removeTree } from './staging.js';
import type { Userland } from './userland.js';
import { type WriteOrder, writeTree } from './write-tree.js';

export interface AssembleOptions {
  readonly projectDir: string;
  readonly flavour: Flavour;
  /** The organization's public key, in PEM. */
  readonly policyKey?: string | undefined;
  readonly userland: Userland;
  /** SHA-256 of our own inputs. */
  readonly sources: string;
  readonly signal: AbortSignal | undefined;
}

const fileNames = {
  kernel: 'kernel',
  initramfs: 'initramfs',
  root: 'root.erofs',
  hash: 'root.verity',
} as const;

const debugWarning =
  'DEBUG IMAGE: it has a shell. Whoever reaches it may run anything in the VM. Never give it to developers.';

/** Everything after unpacking: makes the image in the empty directory `dir`. Throws `BH_IMAGE_…` errors. */
export async function assemble(
  dir: string,
  options: AssembleOptions,
  reporter: Reporter,
  exec: Exec,
  order: WriteOrder = 'forward',
): Promise<Manifest> {
  const { projectDir, userland, flavour, policyKey, signal } = options;
  const work = join(dir, 'work');
  await mkdir(join(work, 'programs'), { recursive: true });
  const images = { root: join(dir, fileNames.root), hash: join(dir, fileNames.hash) };
  const listing = await listTree(userland.root);
  const kernel = findKernel(listing);

  const programs = await inStep(reporter, 'Compile our programs', () =>
    buildPrograms(projectDir, join(work, 'programs'), exec, signal),
  );
  const tree = join(work, 'tree');
  await inStep(reporter, 'Put the root file system together', async () => {
    const { boot, run } = await kernelModules(
      projectDir,
      { userland: userland.root, listing, kernel },
      work,
      exec,
      signal,
    );
    await writeFile(join(dir, fileNames.initramfs), writeInitramfs(programs.initramfsInit, boot));
    await copyFile(join(userland.root, kernel.dir, 'vmlinuz'), join(dir, fileNames.kernel));
    const rulesFile = join(projectDir, 'vm-image/root.txt');
    const root = await composeRoot({
      userland: userland.root,
      listing,
      rules: parseRootRules(await readFile(rulesFile, 'utf8'), rulesFile),
      rulesFile,
      overlay: join(projectDir, 'rootfs'),
      programs,
      runModules: run,
      probeImage: await probeImage(userland.root, programs, exec, signal),
      flavour,
      policyKey,
    });
    await writeTree(root, tree, order, signal);
  });

  const verity = await inStep(reporter, 'Make the erofs image and its hash tree', () =>
    makeBlockImages(tree, images, contentKey(options), exec, signal),
  );
  const shareServer = await writeShareServer(userland.root, listing, dir);
  const uncompressed = sizesOf(await listTree(tree));
  await removeTree(work);
  const manifest = manifestSchema.parse({
    format: 1,
    flavour,
    version,
    ...(policyKey === undefined ? {} : { policyKey }),
    ...(flavour === 'debug' ? { warning: debugWarning } : {}),
    kernelVersion: kernel.version,
    files: await describeFiles(dir),
    shareServer,
    verity,
    suite: userland.suite,
    packages: userland.packages,
    sources: options.sources,
    uncompressed,
  });
  await writeFile(join(dir, manifestFileName), `${JSON.stringify(manifest, null, 2)}\n`);
  // Root builds, and whoever may enter the cache boots. veritysetup makes its file for its own user alone.
  await chmod(dir, 0o755);
  for (const name of [...Object.values(fileNames), manifestFileName]) await chmod(join(dir, name), 0o644);
  return manifest;
}

/** What decides the bytes of the root; identifiers of the file systems are made from it. */
function contentKey({ sources, flavour, policyKey = '', userland }: AssembleOptions): string {
  const packages = userland.packages.map(({ name, sha256 }) => `${name}=${sha256}`);
  return createHash('sha256')
    .update([sources, flavour, policyKey, ...packages].join('\0'))
    .digest('hex');
}

async function kernelModules(
  projectDir: string,
  source: { readonly userland: string; readonly listing: Listing; readonly kernel: KernelFiles },
  work: string,
  exec: Exec,
  signal: AbortSignal | undefined,
) {
  const load = async (file: string) =>
    loadModules(parseModuleNames(await readFile(file, 'utf8'), file), file, source, work, exec, signal);
  const boot = await load(join(projectDir, 'vm-image/modules.boot.txt'));
  const run = await load(join(projectDir, 'vm-image/modules.run.txt'));
  const loaded = new Set(boot.map(({ name }) => name));
  return { boot, run: run.filter(({ name }) => !loaded.has(name)) };
}

async function probeImage(
  userland: string,
  programs: Programs,
  exec: Exec,
  signal?: AbortSignal,
): Promise<Buffer> {
  const busybox = join(userland, 'usr/bin/busybox');
  const applets = (await runStep(busybox, ['--list-full'], exec, signal)).split('\n').filter(Boolean);
  return writeProbeImage(await readFile(busybox), applets, programs.probe);
}

async function describeFiles(dir: string): Promise<Manifest['files']> {
  const describe = async (path: string) => ({ path, ...(await hashFile(join(dir, path))) });
  const [kernel, initramfs, root, hash] = await Promise.all([
    describe(fileNames.kernel),
    describe(fileNames.initramfs),
    describe(fileNames.root),
    describe(fileNames.hash),
  ]);
  return { kernel, initramfs, root, hash };
}

function sizesOf(listing: Listing): Manifest['uncompressed'] {
  const files = [...listing].flatMap(([path, node]) =>
    node.type === 'file' ? [{ path, size: node.size }] : [],
  );
  const bytes = files.reduce((total, { size }) => total + size, 0);
  return {
    bytes,
    largest: files.toSorted((a, b) => b.size - a.size || (a.path < b.path ? -1 : 1)).slice(0, 10),
  };
}
