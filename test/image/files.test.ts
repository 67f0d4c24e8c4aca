import { copyFile, cp, mkdtemp, open, readFile, rm, stat, symlink, truncate } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { z } from 'zod';
import { silentReporter } from '../../src/common/reporter.js';
import {
  buildImage,
  loadManifest,
  type Manifest,
  shareServerOf,
  verifyImage,
} from '../../src/image/index.js';
import { listTree } from '../../src/image/listing.js';
import { mountRoot } from './mounted-root.js';

const names = ['kernel', 'initramfs', 'root.erofs', 'root.verity', 'manifest.json'];
let manifest: Manifest;
/** A copy of the image that the tests damage and repair. */
let copy: string;

beforeAll(async () => {
  manifest = await loadManifest(inject('imageDir'));
  copy = await mkdtemp(join(tmpdir(), 'bulkhead-image-'));
  await Promise.all(names.map((name) => copyFile(join(inject('imageDir'), name), join(copy, name))));
  await cp(join(inject('imageDir'), 'virtiofsd'), join(copy, 'virtiofsd'), { recursive: true });
});

afterAll(() => rm(copy, { recursive: true }));

test('a user who has no rights can read, and so boot, what root built', async () => {
  const modes = names.map(async (name) => (await stat(join(inject('imageDir'), name))).mode & 0o777);
  expect(await Promise.all(modes)).toEqual(names.map(() => 0o644));
  expect((await stat(inject('imageDir'))).mode & 0o777).toBe(0o755);
});

test('the server of shared directories runs with nothing of the host', async () => {
  const program = shareServerOf(inject('imageDir'), manifest);
  if (program === undefined) throw new Error('the image has no server of shared directories');
  const run = ['--inhibit-cache', '--library-path', program.libraries];
  const { stdout: listed } = await execa(program.loader, [...run, '--list', program.program]);
  const elsewhere = listed
    .split('\n')
    .filter((line) => line.includes('=>') && !line.includes(program.libraries));
  expect(elsewhere).toEqual([]);
  const { stdout } = await execa(program.loader, [...run, program.program, '--help'], {
    env: {},
    extendEnv: false,
  });
  for (const option of ['--translate-uid', '--translate-gid', '--sandbox', '--readonly', '--modcaps'])
    expect(stdout).toContain(option);
});

test("the gate's table of endpoints is that of the engine in the image", async () => {
  const text = await readFile(join(import.meta.dirname, '../fixtures/docker-api.json'), 'utf8');
  const { engine } = z.object({ engine: z.string() }).parse(JSON.parse(text));
  const installed = manifest.packages.find(({ name }) => name === 'docker.io')?.version;
  // Another version may have other endpoints: compare src/gate/operation-table.ts with its router and its API description first.
  expect(installed?.split('+')[0]).toBe(engine);
});

/** Turns one bit over; doing it twice repairs the file. */
async function flipBit(name: string, offset: number): Promise<void> {
  await using file = await open(join(copy, name), 'r+');
  const byte = Buffer.alloc(1);
  await file.read(byte, 0, 1, offset);
  byte[0] = (byte[0] ?? 0) ^ 1;
  await file.write(byte, 0, 1, offset);
}

describe('damage is found before anything boots', () => {
  const size = (role: keyof Manifest['files']): number => manifest.files[role].size;

  test.each<[string, string, () => number]>([
    ['the superblock', 'root.erofs', () => 1024 + 16],
    ['a middle block', 'root.erofs', () => Math.floor(size('root') / 2)],
    ['the last block', 'root.erofs', () => size('root') - 1],
    ['the verity superblock', 'root.verity', () => 90],
    ['the hash tree', 'root.verity', () => size('hash') - 4096],
    ['the kernel', 'kernel', () => 100_000],
    ['the initramfs', 'initramfs', () => 4000],
    ['the server of shared directories', 'virtiofsd/virtiofsd', () => 100_000],
  ])('one bit in %s', async (_, name, offset) => {
    await flipBit(name, offset());
    try {
      await expect(verifyImage(copy)).rejects.toMatchObject({
        code: 'BH_IMAGE_CORRUPT',
        params: { file: join(copy, name) },
      });
    } finally {
      await flipBit(name, offset());
    }
  });

  test('a truncated image, after all the others were repaired', async () => {
    await expect(verifyImage(copy)).resolves.toEqual(manifest);
    await truncate(join(copy, 'root.erofs'), size('root') - 4096);
    await expect(verifyImage(copy)).rejects.toMatchObject({ code: 'BH_IMAGE_TRUNCATED' });
  });
});

test('veritysetup agrees that the hash tree is the one of the root', async () => {
  const file = (role: keyof Manifest['files']): string => join(inject('imageDir'), manifest.files[role].path);
  const argv = ['verify', file('root'), file('hash')];
  expect(await execa('veritysetup', [...argv, manifest.verity.rootHash], { reject: false })).toMatchObject({
    exitCode: 0,
  });
  expect(await execa('veritysetup', [...argv, '0'.repeat(64)], { reject: false })).not.toMatchObject({
    exitCode: 0,
  });
});

test('the root is small, and the manifest says what the largest files are', () => {
  expect(manifest.files.root.size).toBeLessThan(260 * 1024 * 1024);
  expect(manifest.uncompressed.largest).toHaveLength(10);
  expect(manifest.uncompressed.largest[0]?.path).toBe('/usr/sbin/dockerd');
});

test('two builds from the same packages and sources give the same bytes', { timeout: 300_000 }, async () => {
  const scratch = await mkdtemp(join(tmpdir(), 'bulkhead-cache-'));
  try {
    await symlink(join(inject('cacheDir'), 'userland'), join(scratch, 'userland'));
    const options = { projectDir: inject('projectDir'), cacheDir: scratch, checkReproducible: true };
    const { reused } = await buildImage(options, silentReporter);
    expect(reused).toBe(false);
  } finally {
    await rm(scratch, { recursive: true });
  }
});

test('the initramfs is one that cpio reads, with one program and the modules of its list', async () => {
  const { stdout } = await execa('cpio', ['--list', '--quiet'], {
    inputFile: join(inject('imageDir'), 'initramfs'),
  });
  const entries = stdout.split('\n');
  expect(entries).toEqual(
    expect.arrayContaining([
      'init',
      'dev/console',
      'modules/boot.list',
      'modules/dm_verity.ko',
      'modules/erofs.ko',
    ]),
  );
  expect(entries.filter((entry) => !entry.startsWith('modules'))).toEqual([
    'dev',
    'proc',
    'root',
    'sys',
    'dev/console',
    'init',
  ]);
});

test('nothing of the build machine is inside', async () => {
  const needles = await machineTraces();
  await using mounted = await mountRoot(inject('imageDir'));
  for (const [path, node] of await listTree(mounted.path)) {
    if (node.type !== 'file') continue;
    const bytes = await readFile(join(mounted.path, path));
    expect
      .soft(
        needles.filter((needle) => bytes.includes(needle)),
        path,
      )
      .toEqual([]);
  }
  for (const name of ['initramfs', 'manifest.json']) {
    const bytes = await readFile(join(inject('imageDir'), name));
    expect
      .soft(
        needles.filter((needle) => bytes.includes(needle)),
        name,
      )
      .toEqual([]);
  }
});

/** Host name (where it is long enough to mean something), directories of the build, and hosts of the mirrors in use. */
async function machineTraces(): Promise<readonly string[]> {
  const apt = await execa('apt-get', ['indextargets', '--format', '$(REPO_URI)'], { reject: false });
  const mirrors = [process.env['BULKHEAD_APT_MIRROR'] ?? '', ...apt.stdout.split('\n')].filter((uri) =>
    URL.canParse(uri),
  );
  const hosts = mirrors.map((uri) => new URL(uri).hostname).filter((host) => host !== '');
  return [
    inject('projectDir'),
    inject('cacheDir'),
    ...new Set(hosts),
    ...(hostname().length > 6 ? [hostname()] : []),
    `${tmpdir()}/bulkhead-`,
  ];
}
