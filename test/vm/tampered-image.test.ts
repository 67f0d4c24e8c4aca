import { copyFile, mkdir, mkdtemp, open, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { systemClock } from '../../dist/common/system-clock.js';
import { systemExec } from '../../dist/common/exec.js';
import { createLogger } from '../../dist/common/log.js';
import { loadManifest, type Manifest, verifyImage } from '../../dist/image/index.js';
import type { VmSpec } from '../../dist/vm/backend.js';
import { ensureDataDisk } from '../../dist/vm/instance/data-disk.js';
import { kernelCommandLine } from '../../dist/vm/kernel-command-line.js';
import { Machine } from '../../dist/vm/machine.js';
import { guestNetwork } from '../../dist/vm/network/index.js';
import { QemuBackend } from '../../dist/vm/qemu/qemu-backend.js';
import { eventually } from '../support/eventually.ts';
import { instanceAt, type Instance } from '../support/instance.ts';

/** Row I05: an image that is not the one that was built is refused, by the controller and again by the VM itself. */
const original = inject('instance').image;
let dir = '';
let image = '';
let instance: Instance;
let manifest: Manifest;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'bh-tamper-'));
  image = join(dir, 'image');
  await mkdir(join(dir, 'run'), { mode: 0o700 });
  // A copy: the shared VM reads the original.
  await execa('cp', ['-r', '--reflink=auto', original, image]);
  instance = instanceAt({ name: 'tamper', dir, image });
  manifest = await loadManifest(image);
});
afterAll(() => rm(dir, { recursive: true, force: true }));

async function flipBit(path: string, offset: number): Promise<void> {
  await using file = await open(path, 'r+');
  const byte = Buffer.alloc(1);
  await file.read(byte, 0, 1, offset);
  byte[0] = (byte[0] ?? 0) ^ 1;
  await file.write(byte, 0, 1, offset);
}

async function flipAt(file: string, fraction: number): Promise<string> {
  const path = join(image, file);
  const { size } = await stat(path);
  await flipBit(path, Math.min(size - 1, Math.floor(size * fraction)));
  return file;
}

const cases: readonly [what: string, code: string, tamper: () => Promise<string>][] = [
  [
    'the superblock',
    'BH_IMAGE_CORRUPT',
    async () => (await flipBit(join(image, 'root.erofs'), 1024), 'root.erofs'),
  ],
  ['a middle block', 'BH_IMAGE_CORRUPT', () => flipAt('root.erofs', 0.5)],
  ['the last block', 'BH_IMAGE_CORRUPT', () => flipAt('root.erofs', 1)],
  ['the superblock of the hash tree', 'BH_IMAGE_CORRUPT', () => flipAt('root.verity', 0)],
  ['the hash tree', 'BH_IMAGE_CORRUPT', () => flipAt('root.verity', 0.5)],
  ['the last block of the hash tree', 'BH_IMAGE_CORRUPT', () => flipAt('root.verity', 1)],
  ['the kernel', 'BH_IMAGE_CORRUPT', () => flipAt('kernel', 0.5)],
  ['the initramfs', 'BH_IMAGE_CORRUPT', () => flipAt('initramfs', 0.5)],
  [
    'the root hash in the manifest',
    'BH_IMAGE_CORRUPT',
    async () => {
      const rootHash = manifest.verity.rootHash.replace(/^./, (digit) => (digit === '0' ? '1' : '0'));
      const text = JSON.stringify({ ...manifest, verity: { ...manifest.verity, rootHash } });
      await writeFile(join(image, 'manifest.json'), text);
      return 'root.verity';
    },
  ],
  [
    'an image cut off',
    'BH_IMAGE_TRUNCATED',
    async () => (await truncate(join(image, 'root.erofs'), manifest.files.root.size - 4096), 'root.erofs'),
  ],
  [
    'the hash tree of the same root with another salt',
    'BH_IMAGE_CORRUPT',
    async () => {
      const [root, hash] = [join(image, 'root.erofs'), join(image, 'root.verity')];
      await execa('veritysetup', ['format', '--salt', 'ab'.repeat(32), root, hash]);
      return 'root.verity';
    },
  ],
];

describe('before the boot', () => {
  test.each(cases)('%s: %s names the file and starts nothing', async (_what, code, tamper) => {
    const file = await tamper();
    try {
      const { status, stderr } = await instance.run('up');
      expect(stderr).toMatch(new RegExp(`^error ${code}: `, 'm'));
      expect(stderr).toContain(join(image, file));
      expect(stderr).toContain('bulkhead image build');
      expect(stderr).not.toContain('Start the VM');
      expect(status).not.toBe(0);
      // The controller has said why, and is about to end.
      await eventually(async () => expect(await instance.processes()).toEqual([]), 10_000);
      await expect(stat(instance.dataDisk)).rejects.toMatchObject({ code: 'ENOENT' });
    } finally {
      for (const name of [file, 'manifest.json']) await copyFile(join(original, name), join(image, name));
    }
  });

  test('the copy is accepted when nothing is changed, so that each refusal was of the change', async () => {
    expect(await verifyImage(image)).toEqual(manifest);
  });
});

/** Boots past the controller's own check, as if the files had changed after it. */
describe('in the VM', () => {
  const network = guestNetwork('192.168.65.0/24');
  const boot = async (change: (spec: VmSpec) => VmSpec): Promise<{ code: string; phases: string[] }> => {
    const cacheDir = join(dir, 'cache');
    const env = process.env;
    const { platform } = process;
    const logger = { warn: () => undefined };
    const backend = new QemuBackend({
      exec: systemExec,
      clock: systemClock,
      env,
      platform,
      cacheDir,
      logger,
    });
    const { signal } = new AbortController();
    const spec = change({
      name: 'tamper',
      kernel: join(image, 'kernel'),
      initramfs: join(image, 'initramfs'),
      root: join(image, 'root.erofs'),
      hash: join(image, 'root.verity'),
      dataDisk: join(dir, 'data.raw'),
      documents: [],
      shares: [],
      commandLine: kernelCommandLine(manifest, [], 0, network),
      network,
      consoleLog: join(dir, 'console.log'),
      memoryMiB: 1024,
      cpus: 2,
    });
    await ensureDataDisk(spec, 1024);
    const vm = await backend.start(spec, await backend.probe(signal), signal);
    const phases: string[] = [];
    const phase = (name: string): void => {
      phases.push(name);
      // The root was not to be used: nothing that follows could make this pass.
      if (name === 'init') void vm.destroy();
    };
    const machine = new Machine(
      vm,
      spec,
      { phase, failure: () => undefined },
      createLogger('test', { write: () => undefined }),
    );
    const timer = setTimeout(() => void vm.destroy(), 120_000);
    const { cause } = await machine.ended;
    clearTimeout(timer);
    return { code: cause.code, phases };
  };

  test('stripped verity parameters end the boot', async () => {
    const commandLine = kernelCommandLine(manifest, [], 0, network).replace(/ bulkhead\.verity=\S+/, '');
    expect(await boot((spec) => ({ ...spec, commandLine }))).toEqual({
      code: 'BH_VM_VERITY_PARAMETERS',
      phases: ['kernel'],
    });
  });

  test('another root hash ends the boot', async () => {
    const commandLine = kernelCommandLine(manifest, [], 0, network).replace(
      manifest.verity.rootHash,
      (hash) => hash.replace(/.$/, (digit) => (digit === '0' ? '1' : '0')),
    );
    const { code, phases } = await boot((spec) => ({ ...spec, commandLine }));
    expect(code).toBe('BH_VM_ROOT_CORRUPT');
    expect(phases).not.toContain('init');
  });

  test('a bit flipped in the superblock of the root ends the boot', async () => {
    const root = join(dir, 'flipped.erofs');
    await copyFile(join(original, 'root.erofs'), root);
    await flipBit(root, 1024);
    const { code, phases } = await boot((spec) => ({ ...spec, root }));
    expect(code).toBe('BH_VM_ROOT_CORRUPT');
    expect(phases).not.toContain('init');
  });
});
