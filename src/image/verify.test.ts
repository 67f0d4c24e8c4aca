import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Manifest } from './manifest.js';
import { exampleManifest } from './test-support/example-manifest.js';
import { verifyImage } from './verify.js';

let dir: string;
let manifest: Manifest;

const sha256 = (...data: readonly Buffer[]): string =>
  createHash('sha256').update(Buffer.concat(data)).digest('hex');
const writeManifest = (value: unknown) => writeFile(join(dir, 'manifest.json'), JSON.stringify(value));

/** Two data blocks and their hash tree of one block, laid out as veritysetup does it. */
function makeContents() {
  const root = Buffer.alloc(8192, 'r');
  const salt = Buffer.alloc(32, 0xcd);
  const superblock = Buffer.alloc(4096);
  superblock.write('verity\0\0', 'latin1');
  superblock.writeUInt32LE(1, 8);
  superblock.writeUInt32LE(1, 12);
  superblock.write('sha256', 32);
  superblock.writeUInt32LE(4096, 64);
  superblock.writeUInt32LE(4096, 68);
  superblock.writeBigUInt64LE(2n, 72);
  superblock.writeUInt16LE(32, 80);
  salt.copy(superblock, 88);
  const top = Buffer.alloc(4096);
  top.write(sha256(salt, root.subarray(0, 4096)), 0, 'hex');
  top.write(sha256(salt, root.subarray(4096)), 32, 'hex');
  const contents = {
    kernel: Buffer.from('kernel'),
    initramfs: Buffer.from('initramfs'),
    root,
    hash: Buffer.concat([superblock, top]),
  };
  return { contents, rootHash: sha256(salt, top) };
}

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'bulkhead-verify-'));
  const { contents, rootHash } = makeContents();
  const example = exampleManifest();
  const describe = (path: string, data: Buffer) => ({ path, size: data.length, sha256: sha256(data) });
  manifest = {
    ...example,
    files: {
      kernel: describe('kernel', contents.kernel),
      initramfs: describe('initramfs', contents.initramfs),
      root: describe('root.erofs', contents.root),
      hash: describe('root.verity', contents.hash),
    },
    verity: { ...example.verity, rootHash },
  };
  await Promise.all([
    writeFile(join(dir, 'kernel'), contents.kernel),
    writeFile(join(dir, 'initramfs'), contents.initramfs),
    writeFile(join(dir, 'root.erofs'), contents.root),
    writeFile(join(dir, 'root.verity'), contents.hash),
    writeManifest(manifest),
  ]);
});

afterEach(() => rm(dir, { recursive: true }));

test('an untouched image passes and its manifest is returned', async () => {
  await expect(verifyImage(dir)).resolves.toEqual(manifest);
});

test.each(['kernel', 'initramfs', 'root.erofs', 'root.verity'])(
  'a changed byte in %s is found and the file named',
  async (name) => {
    const [role] = Object.entries(manifest.files).find(([, file]) => file.path === name) ?? [];
    const { contents } = makeContents();
    const data = Object.entries(contents).find(([key]) => key === role)?.[1] ?? Buffer.alloc(0);
    data[data.length - 1] = (data.at(-1) ?? 0) ^ 1;
    await writeFile(join(dir, name), data);
    await expect(verifyImage(dir)).rejects.toMatchObject({
      code: 'BH_IMAGE_CORRUPT',
      params: { file: join(dir, name) },
    });
  },
);

test('a root hash that is not the one of the hash tree is found', async () => {
  await writeManifest({ ...manifest, verity: { ...manifest.verity, rootHash: '0'.repeat(64) } });
  await expect(verifyImage(dir)).rejects.toThrow(/root\.verity.*root hash/);
});

test.each([{ salt: 'ee'.repeat(32) }, { dataBlocks: 1 }, { hashBlockSize: 1024 }])(
  'verity parameters other than the superblock: %o',
  async (change) => {
    await writeManifest({ ...manifest, verity: { ...manifest.verity, ...change } });
    await expect(verifyImage(dir)).rejects.toThrow(/superblock says/);
  },
);

test('a truncated file, a missing file, a missing manifest and a directory are told apart', async () => {
  await truncate(join(dir, 'root.erofs'), 4096);
  await expect(verifyImage(dir)).rejects.toMatchObject({
    code: 'BH_IMAGE_TRUNCATED',
    params: { actual: 4096, expected: 8192 },
  });
  await rm(join(dir, 'root.erofs'));
  await expect(verifyImage(dir)).rejects.toMatchObject({
    code: 'BH_IMAGE_FILE_MISSING',
    params: { file: join(dir, 'root.erofs') },
  });
  await rm(join(dir, 'manifest.json'));
  await expect(verifyImage(dir)).rejects.toMatchObject({ code: 'BH_IMAGE_FILE_MISSING' });
});

test('what the host runs of the image is checked as well', async () => {
  const data = Buffer.from('program');
  const file = join(dir, 'virtiofsd', 'virtiofsd');
  const described = { path: 'virtiofsd', size: data.length, sha256: sha256(data) };
  await writeManifest({ ...manifest, shareServer: { loader: 'ld.so', files: [described] } });
  await expect(verifyImage(dir)).rejects.toMatchObject({ code: 'BH_IMAGE_FILE_MISSING', params: { file } });
  await mkdir(join(dir, 'virtiofsd'));
  await writeFile(file, data);
  await expect(verifyImage(dir)).resolves.toBeDefined();
  await writeFile(file, 'Program');
  await expect(verifyImage(dir)).rejects.toMatchObject({ code: 'BH_IMAGE_CORRUPT', params: { file } });
});

test('an abort ends it with the reason of the signal', async () => {
  await expect(verifyImage(dir, { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow(
    'enough',
  );
});
