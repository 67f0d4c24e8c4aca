import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { BulkheadError } from '../common/errors/bulkhead-error.js';
import { hashFile } from './file-hash.js';
import { type ImageFile, type ImageFileRole, loadManifest, type Manifest } from './manifest.js';
import { shareServerDirectory } from './share-server.js';
import { parseSuperblock, rootHashOf, superblockSize } from './verity-superblock.js';

const roles: readonly ImageFileRole[] = ['kernel', 'initramfs', 'hash', 'root'];

/**
 * Checks every file of an image directory against its manifest. dm-verity alone is not enough: the kernel notices a
 * changed block only when something reads it, and never checks itself or the initramfs.
 *
 * The manifest is not signed; whoever may write it may also write the controller's own state. What it guards against
 * is an image that changed after it was built.
 *
 * Throws `BH_IMAGE_FILE_MISSING`, `BH_IMAGE_MANIFEST`, `BH_IMAGE_TRUNCATED` or `BH_IMAGE_CORRUPT`, or the signal's reason.
 */
export async function verifyImage(dir: string, options: { signal?: AbortSignal } = {}): Promise<Manifest> {
  const manifest = await loadManifest(dir);
  const files = filesOf(manifest);
  await Promise.all(files.map((file) => checkSize(dir, file)));
  await checkVerity(dir, manifest);
  await Promise.all(files.map((file) => checkHash(dir, file, options.signal)));
  return manifest;
}

/** By their paths within the image's directory. */
function filesOf({ files, shareServer }: Manifest): readonly ImageFile[] {
  const served = (shareServer?.files ?? []).map((file) => ({
    ...file,
    path: join(shareServerDirectory, file.path),
  }));
  return [...roles.map((role) => files[role]), ...served];
}

async function checkSize(dir: string, { path, size }: ImageFile): Promise<void> {
  const file = join(dir, path);
  const found = await stat(file).catch((cause: unknown) => {
    throw new BulkheadError('BH_IMAGE_FILE_MISSING', { file }, { cause });
  });
  if (!found.isFile())
    throw new BulkheadError('BH_IMAGE_CORRUPT', { file, reason: 'it is not a regular file' });
  if (found.size !== size)
    throw new BulkheadError('BH_IMAGE_TRUNCATED', { file, actual: found.size, expected: size });
}

async function checkHash(dir: string, { path, sha256 }: ImageFile, signal?: AbortSignal): Promise<void> {
  const file = join(dir, path);
  const found = await hashFile(file, signal);
  if (found.sha256 !== sha256) {
    throw new BulkheadError('BH_IMAGE_CORRUPT', {
      file,
      reason: `its SHA-256 is ${found.sha256}, not ${sha256}`,
    });
  }
}

/** The values the controller puts on the kernel command line must be those the hash file was made with. */
async function checkVerity(dir: string, manifest: Manifest): Promise<void> {
  const { verity, files } = manifest;
  const file = join(dir, files.hash.path);
  const bytes = await readHead(file, superblockSize + 2 * 4096);
  const superblock = parseSuperblock(bytes);
  if (superblock === undefined)
    throw new BulkheadError('BH_IMAGE_CORRUPT', { file, reason: 'it has no verity superblock' });
  for (const field of ['algorithm', 'dataBlockSize', 'hashBlockSize', 'dataBlocks', 'salt'] as const) {
    if (superblock[field] !== verity[field]) {
      const reason = `its superblock says ${field} ${superblock[field]}, the manifest ${verity[field]}`;
      throw new BulkheadError('BH_IMAGE_CORRUPT', { file, reason });
    }
  }
  const topBlock = bytes.subarray(superblock.hashBlockSize, 2 * superblock.hashBlockSize);
  const rootHash = rootHashOf(topBlock, superblock);
  if (rootHash !== verity.rootHash) {
    throw new BulkheadError('BH_IMAGE_CORRUPT', {
      file,
      reason: `its root hash is ${rootHash}, not ${verity.rootHash}`,
    });
  }
  if (verity.dataBlocks * verity.dataBlockSize !== files.root.size) {
    throw new BulkheadError('BH_IMAGE_CORRUPT', {
      file: join(dir, files.root.path),
      reason: 'the hash tree does not cover exactly its blocks',
    });
  }
}

async function readHead(path: string, length: number): Promise<Buffer> {
  await using file = await open(path, 'r');
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await file.read(buffer, 0, length, 0);
  return buffer.subarray(0, bytesRead);
}
