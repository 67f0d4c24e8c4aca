import { BulkheadError } from '../common/errors/bulkhead-error.js';
import type { Exec } from '../common/exec.js';
import { toolPath } from './host-tools.js';
import type { Manifest } from './manifest.js';

/**
 * Identifiers of both file systems, made from the content so that equal content gives equal images: a UUID in the form of RFC 9562 version 8
 * and the salt of the hash tree. `key` is a SHA-256 in hex. The salt need not be secret: it makes hashes of equal blocks of different images differ.
 */
export function identifiersOf(key: string): { readonly uuid: string; readonly salt: string } {
  const uuid = [
    key.slice(0, 8),
    key.slice(8, 12),
    `8${key.slice(13, 16)}`,
    `8${key.slice(17, 20)}`,
    key.slice(20, 32),
  ];
  return { uuid: uuid.join('-'), salt: key };
}

/**
 * Arguments of mkfs.erofs 1.5 or newer. Times 0, owner root and no extended attributes leave nothing of this machine in the image.
 * Clusters stay at 4 KiB: why is in docs/image.md.
 */
export function erofsArguments(tree: string, image: string, uuid: string): readonly string[] {
  return ['--quiet', '-zlz4hc,9', '-T0', `-U${uuid}`, '-x-1', '--all-root', image, tree];
}

/** Arguments of veritysetup. 4096-byte blocks are what erofs reads and the page size of every x86 machine. */
export function verityArguments(data: string, hash: string, uuid: string, salt: string): readonly string[] {
  const blocks = ['--data-block-size=4096', '--hash-block-size=4096'];
  return ['format', '--hash=sha256', '--format=1', ...blocks, `--salt=${salt}`, `--uuid=${uuid}`, data, hash];
}

export interface BlockImages {
  readonly root: string;
  readonly hash: string;
}

/** Makes the erofs image of a directory and its dm-verity hash tree. Throws `BH_IMAGE_STEP_FAILED`. */
export async function makeBlockImages(
  tree: string,
  images: BlockImages,
  key: string,
  exec: Exec,
  signal?: AbortSignal,
): Promise<Manifest['verity']> {
  const { uuid, salt } = identifiersOf(key);
  await runStep('mkfs.erofs', erofsArguments(tree, images.root, uuid), exec, signal);
  const output = await runStep(
    'veritysetup',
    verityArguments(images.root, images.hash, uuid, salt),
    exec,
    signal,
  );
  const rootHash = /^Root hash:\s+([0-9a-f]{64})$/m.exec(output)?.[1];
  const dataBlocks = /^Data blocks:\s+(\d+)$/m.exec(output)?.[1];
  if (rootHash === undefined || dataBlocks === undefined) {
    throw new BulkheadError('BH_IMAGE_STEP_FAILED', {
      step: 'veritysetup',
      reason: 'it printed no root hash',
    });
  }
  return {
    algorithm: 'sha256',
    dataBlockSize: 4096,
    hashBlockSize: 4096,
    dataBlocks: Number(dataBlocks),
    salt,
    rootHash,
  };
}

/** Runs a tool of the build and returns what it printed. Throws `BH_IMAGE_STEP_FAILED` with its last line. */
export async function runStep(
  tool: string,
  args: readonly string[],
  exec: Exec,
  signal?: AbortSignal,
  env?: Readonly<Record<string, string>>,
): Promise<string> {
  const result = await exec.run(tool, args, {
    ...(signal === undefined ? {} : { signal }),
    // One language for the messages we read, and no surprise from the caller's environment.
    env: { PATH: toolPath, LC_ALL: 'C', ...env },
  });
  if (result.exitCode === 0) return result.stdout;
  const reason = result.stderr.trim().split('\n').slice(-3).join('; ') || `exit status ${result.exitCode}`;
  throw new BulkheadError('BH_IMAGE_STEP_FAILED', { step: tool, reason });
}
