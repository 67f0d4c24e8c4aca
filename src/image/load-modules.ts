import { copyFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Exec } from '../common/exec.js';
import { BulkheadError } from '../common/errors/bulkhead-error.js';
import { runStep } from './block-image.js';
import type { ModuleFile } from './initramfs.js';
import { moduleNameOf, normaliseModuleName, orderModules, parseDepends } from './kernel-modules.js';
import type { Listing } from './listing.js';

export interface KernelFiles {
  readonly version: string;
  /** Directory of the kernel within the userland: `/usr/lib/modules/<version>`. */
  readonly dir: string;
}

/** The one kernel of a userland. Throws `BH_IMAGE_STEP_FAILED` where there is none or more than one. */
export function findKernel(listing: Listing): KernelFiles {
  const kernels = [...listing.keys()].filter((path) => /^\/usr\/lib\/modules\/[^/]+\/vmlinuz$/.test(path));
  const [path] = kernels;
  if (path === undefined || kernels.length > 1) {
    throw new BulkheadError('BH_IMAGE_STEP_FAILED', {
      step: 'finding the kernel',
      reason: `there are ${kernels.length}`,
    });
  }
  const dir = path.slice(0, path.lastIndexOf('/'));
  return { version: dir.slice(dir.lastIndexOf('/') + 1), dir };
}

/**
 * Unpacks the named modules and all they depend on into `workDir` and returns them in load order. `file` is the list the names are from.
 * Throws `BH_IMAGE_RULE` for a name this kernel does not have.
 */
export async function loadModules(
  names: readonly string[],
  file: string,
  source: { readonly userland: string; readonly listing: Listing; readonly kernel: KernelFiles },
  workDir: string,
  exec: Exec,
  signal?: AbortSignal,
): Promise<readonly ModuleFile[]> {
  const paths = modulePaths(source.listing, source.kernel);
  const builtin = await builtinNames(join(source.userland, source.kernel.dir, 'modules.builtin'));
  const loaded = new Map<string, Buffer>();
  let wanted = names.map(normaliseModuleName);
  while (wanted.length > 0) {
    const found = [...new Set(wanted)].filter((name) => !loaded.has(name) && paths.has(name));
    for (const [name, data] of await unpack(found, paths, source.userland, workDir, exec, signal))
      loaded.set(name, data);
    wanted = found.flatMap((name) => parseDepends(loaded.get(name) ?? Buffer.alloc(0)));
  }
  const order = orderModules(
    names,
    (name) => {
      const data = loaded.get(name);
      if (data !== undefined) return { name, depends: parseDepends(data) };
      return builtin.has(name) ? 'builtin' : undefined;
    },
    file,
  );
  return order.map((name) => ({ name, data: loaded.get(name) ?? Buffer.alloc(0) }));
}

/** Module name → path within the userland. */
function modulePaths(listing: Listing, kernel: KernelFiles): ReadonlyMap<string, string> {
  const paths = new Map<string, string>();
  for (const path of listing.keys()) {
    const name = path.startsWith(`${kernel.dir}/kernel/`) ? moduleNameOf(path) : undefined;
    if (name !== undefined) paths.set(name, path);
  }
  return paths;
}

async function builtinNames(file: string): Promise<ReadonlySet<string>> {
  const text = await readFile(file, 'utf8');
  return new Set(
    text
      .split('\n')
      .map(moduleNameOf)
      .filter((name) => name !== undefined),
  );
}

/** One xz for all of them: starting it is most of the time it takes. */
async function unpack(
  names: readonly string[],
  paths: ReadonlyMap<string, string>,
  userland: string,
  workDir: string,
  exec: Exec,
  signal?: AbortSignal,
): Promise<readonly (readonly [string, Buffer])[]> {
  const files = names.map((name) => {
    const path = paths.get(name) ?? '';
    return {
      name,
      source: join(userland, path),
      packed: path.endsWith('.xz'),
      target: join(workDir, `${name}.ko`),
    };
  });
  await Promise.all(
    files.map(({ source, packed, target }) => copyFile(source, packed ? `${target}.xz` : target)),
  );
  const packed = files.filter((item) => item.packed).map(({ target }) => `${target}.xz`);
  if (packed.length > 0) await runStep('xz', ['--decompress', '--force', '--', ...packed], exec, signal);
  // With debug data goes the signature. The root's hash already vouches for every module, and under TCG checking signatures and type data (BTF) of a
  // hundred modules took 3 s of CPU. The kernel must then not run locked down before they are loaded.
  const targets = files.map(({ target }) => target);
  const dropped = ['--strip-debug', '--remove-section=.BTF', '--remove-section=.BTF.base'];
  if (targets.length > 0) await runStep('strip', [...dropped, '--', ...targets], exec, signal);
  return Promise.all(files.map(async ({ name, target }) => [name, await readFile(target)] as const));
}
