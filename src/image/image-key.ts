import { createHash } from 'node:crypto';
import { copyFile, mkdir, readdir, readFile, stat, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { hashFile } from './file-hash.js';
import type { Flavour } from './manifest.js';

/** Everything of the checkout that decides what is in the image. Tests and build results are left out. */
const inputs = [
  'package-lock.json',
  'rootfs',
  'vm-image',
  ...[
    'common',
    'oci',
    'isolation',
    'runtime',
    'channel',
    'gate',
    'policy',
    'egress',
    'netlink',
    'daemon',
    'image',
  ].map((room) => `src/${room}`),
];

const ignored =
  /(^|\/)(build|tests?|testing|test-support|node_modules)(\/|$)|\.test(-support)?\.ts$|\.md$|\/golden-files\.txt$/;

/** SHA-256 over the names, execute bits and contents of our own inputs; `sources` of the manifest. */
export async function hashSources(projectDir: string): Promise<string> {
  const hash = createHash('sha256');
  for (const path of await listInputs(projectDir)) {
    const [{ mode }, { sha256 }] = await Promise.all([
      stat(join(projectDir, path)),
      hashFile(join(projectDir, path)),
    ]);
    hash.update(`${path}\0${(mode & 0o100) === 0 ? '-' : 'x'}\0${sha256}\n`);
  }
  return hash.digest('hex');
}

/** What a build may be told beside its sources, where that changes the image. */
export interface KeyChoices {
  /** Path of an earlier manifest. */
  readonly pin?: string | undefined;
  /** The organization's public key, in PEM. */
  readonly policyKey?: string | undefined;
}

/** Name of the image the inputs in this checkout make, and of its directory in the cache. */
export async function imageKey(
  projectDir: string,
  flavour: Flavour,
  choices: KeyChoices = {},
): Promise<string> {
  return keyOf(await hashSources(projectDir), flavour, choices);
}

/**
 * Like `imageKey`, for sources already hashed. Which package versions a mirror has today is not part of the key: a later build with the
 * same key is the earlier one, until `force` asks for newer packages.
 */
export async function keyOf(
  sources: string,
  flavour: Flavour,
  { pin, policyKey }: KeyChoices = {},
): Promise<string> {
  const pinned = pin === undefined ? '' : await readFile(pin, 'utf8');
  const parts = [sources, flavour, pinned, ...(policyKey === undefined ? [] : [policyKey])];
  return createHash('sha256').update(parts.join('\0')).digest('hex').slice(0, 24);
}

/**
 * Copies our own inputs, and makes the dependencies of the daemon reachable from the copy. `target` must not exist.
 */
export async function copySources(projectDir: string, target: string): Promise<void> {
  for (const path of await listInputs(projectDir)) {
    await mkdir(dirname(join(target, path)), { recursive: true });
    await copyFile(join(projectDir, path), join(target, path));
  }
  await symlink(join(projectDir, 'node_modules'), join(target, 'node_modules'));
}

async function listInputs(projectDir: string): Promise<readonly string[]> {
  return (await Promise.all(inputs.map((input) => listFiles(projectDir, input)))).flat().sort();
}

async function listFiles(projectDir: string, path: string): Promise<readonly string[]> {
  const found = await stat(join(projectDir, path)).catch(() => undefined);
  if (found === undefined || ignored.test(path)) return [];
  if (!found.isDirectory()) return [path];
  const names = await readdir(join(projectDir, path));
  return (await Promise.all(names.map((name) => listFiles(projectDir, `${path}/${name}`)))).flat();
}
