import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Manifest } from '../../image/index.js';
import { exampleManifest } from '../../image/test-support/example-manifest.js';

const blockSize = 4096;
const salt = 'cd'.repeat(32);

/** Writes an image that passes verification and holds nothing: two data blocks and the hash tree over them. */
export async function writeTinyImage(directory: string): Promise<Manifest> {
  const root = Buffer.alloc(2 * blockSize, 'root');
  const leaves = [0, 1].map((index) => salted(root.subarray(index * blockSize, (index + 1) * blockSize)));
  const top = Buffer.alloc(blockSize);
  Buffer.concat(leaves).copy(top);
  const contents = {
    kernel: Buffer.from('kernel'),
    initramfs: Buffer.from('initramfs'),
    root,
    hash: Buffer.concat([superblock(), top]),
  };
  const example = exampleManifest();
  const described = (role: keyof typeof contents) => ({
    path: example.files[role].path,
    size: contents[role].length,
    sha256: createHash('sha256').update(contents[role]).digest('hex'),
  });
  const manifest: Manifest = {
    ...example,
    files: {
      kernel: described('kernel'),
      initramfs: described('initramfs'),
      root: described('root'),
      hash: described('hash'),
    },
    verity: { ...example.verity, dataBlocks: 2, salt, rootHash: salted(top).toString('hex') },
  };
  await mkdir(directory, { recursive: true });
  await Promise.all([
    writeFile(join(directory, 'manifest.json'), JSON.stringify(manifest)),
    ...(['kernel', 'initramfs', 'root', 'hash'] as const).map((role) =>
      writeFile(join(directory, manifest.files[role].path), contents[role]),
    ),
  ]);
  return manifest;
}

function salted(block: Buffer): Buffer {
  return createHash('sha256').update(Buffer.from(salt, 'hex')).update(block).digest();
}

function superblock(): Buffer {
  const block = Buffer.alloc(blockSize);
  block.write('verity\0\0', 'latin1');
  block.writeUInt32LE(1, 8);
  block.writeUInt32LE(1, 12);
  block.write('sha256', 32, 'latin1');
  block.writeUInt32LE(blockSize, 64);
  block.writeUInt32LE(blockSize, 68);
  block.writeBigUInt64LE(2n, 72);
  block.writeUInt16LE(salt.length / 2, 80);
  block.write(salt, 88, 'hex');
  return block;
}
