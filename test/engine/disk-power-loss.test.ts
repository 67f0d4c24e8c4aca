import { execa } from 'execa';
import { copyFile, mkdir, mkdtemp, open, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readDiskFacts, resizeDisk, settleDisk, systemDiskFiles } from '../../dist/vm/index.js';
import { moveDisk } from '../../dist/vm/disk/index.js';
import type { DiskFiles } from '../../dist/vm/disk/disk-files.js';

/**
 * A machine that loses power while a data disk is moved, on real file systems: two ext4 on loop devices, one with the state directory and one to move to. What had
 * reached their devices at each step is kept, mounted again as after a restart, and has to hold one whole disk.
 */
const diskBytes = 8 * 1024 ** 2;
const content = Buffer.alloc(256 * 1024, 'what the VM has written ');

let root = '';
const mounted: string[] = [];
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'bh-loss-'));
});
afterEach(async () => {
  for (const point of mounted.splice(0).toReversed()) await execa('umount', ['-l', point], { reject: false });
  await rm(root, { recursive: true });
});

async function mountAt(image: string, name: string): Promise<string> {
  const point = join(root, name);
  await mkdir(point, { mode: 0o700 });
  await execa('mount', ['-o', 'loop,noatime', image, point]);
  mounted.push(point);
  return point;
}

async function unmount(point: string): Promise<void> {
  await execa('umount', [point]);
  mounted.splice(mounted.indexOf(point), 1);
  await rm(point, { recursive: true });
}

async function makeFileSystem(name: string): Promise<string> {
  const image = join(root, `${name}.ext4`);
  await execa('truncate', ['-s', '24M', image]);
  await execa('/usr/sbin/mkfs.ext4', ['-q', '-F', '-O', 'has_journal', '-J', 'size=4', image]);
  return image;
}

const pathsIn = (state: string) => ({
  dataDisk: join(state, 'data.raw'),
  diskRecord: join(state, 'disk.json'),
});

async function makeDisk(file: string): Promise<void> {
  await using disk = await open(file, 'wx', 0o600);
  await disk.truncate(diskBytes);
  await disk.write(content, 0, content.length, 4096);
  await disk.sync();
}

/** `before` runs when a step is about to be done. */
function watched(files: DiskFiles, before: (step: string) => Promise<void>): DiskFiles {
  return {
    readRecord: () => files.readRecord(),
    exists: (file) => files.exists(file),
    async writeRecord(record) {
      await before('writeRecord');
      await files.writeRecord(record);
    },
    async link(from, to) {
      await before('link');
      return files.link(from, to);
    },
    async copy(from, to, onBytes, signal) {
      await before('copy');
      await files.copy(from, to, onBytes, signal);
    },
    async rename(from, to) {
      await before('rename');
      await files.rename(from, to);
    },
    async remove(file) {
      await before('remove');
      await files.remove(file);
    },
    async syncName(file) {
      await before('syncName');
      await files.syncName(file);
    },
  };
}

test('power lost at each step of a move: one disk is whole, and it is the one that is found', async () => {
  const images = { state: await makeFileSystem('state'), target: await makeFileSystem('target') };
  const [state, target] = [await mountAt(images.state, 's'), await mountAt(images.target, 't')];
  const { dataDisk, diskRecord } = pathsIn(state);
  await makeDisk(dataDisk);
  await execa('sync', ['-f', state]);

  const moments: string[] = [];
  const keep = async (step: string): Promise<void> => {
    const moment = `${moments.length}-${step}`;
    moments.push(moment);
    // What the devices hold, as their file systems have not written the rest yet.
    for (const [name, image] of Object.entries(images))
      await copyFile(image, join(root, `${moment}.${name}`));
  };
  const files = watched(systemDiskFiles(diskRecord), keep);
  const moved = await moveDisk(
    files,
    { instance: 'loss', standard: dataDisk, file: dataDisk, directory: target, allowed: async () => {} },
    () => undefined,
    AbortSignal.timeout(50_000),
  );
  await keep('over');
  expect(moments).toHaveLength(9);
  expect(moved.file.startsWith(`${target}/`)).toBe(true);
  await unmount(target);
  await unmount(state);

  for (const moment of moments) {
    // At the same places, because the record holds paths.
    const now = [
      await mountAt(join(root, `${moment}.state`), 's'),
      await mountAt(join(root, `${moment}.target`), 't'),
    ];
    const { file } = await settleDisk(systemDiskFiles(diskRecord), dataDisk);
    const found = await readFile(file);
    expect([moment, found.length]).toEqual([moment, diskBytes]);
    expect(found.subarray(4096, 4096 + content.length).equals(content)).toBe(true);
    const names = (await Promise.all([state, target].map((place) => readdir(place)))).flat();
    expect(names.filter((name) => name.includes('.raw'))).toHaveLength(1);
    for (const point of now.toReversed()) await unmount(point);
  }
});

test('a move for which there is no room is given up, and the old disk is whole', async () => {
  const [state, target] = [
    await mountAt(await makeFileSystem('state'), 's'),
    await mountAt(await makeFileSystem('target'), 't'),
  ];
  const { dataDisk, diskRecord } = pathsIn(state);
  await makeDisk(dataDisk);
  // To the last block; after a sync, because what is only reserved for later writing is taken for used.
  for (const unit of ['1M', '4K']) {
    await execa('dd', ['if=/dev/zero', `of=${target}/filler-${unit}`, `bs=${unit}`], { reject: false });
    await execa('sync', ['-f', target]);
  }
  const moving = moveDisk(
    systemDiskFiles(diskRecord),
    { instance: 'full', standard: dataDisk, file: dataDisk, directory: target, allowed: async () => {} },
    () => undefined,
    AbortSignal.timeout(50_000),
  );
  await expect(moving).rejects.toMatchObject({ code: 'BH_DISK_MOVE' });
  const { file } = await settleDisk(systemDiskFiles(diskRecord), dataDisk);
  expect(file).toBe(dataDisk);
  expect((await readFile(file)).subarray(4096, 4096 + content.length).equals(content)).toBe(true);
  expect((await readdir(target)).filter((name) => name.includes('.raw'))).toEqual([]);
});

test('what the host reads of a file system is what its own tools say', async () => {
  const image = await makeFileSystem('shown');
  const facts = async () => (await readDiskFacts({ dataDisk: image, diskRecord: join(root, 'none') })).disk;
  const counts = async () => {
    const { stdout } = await execa('/usr/sbin/dumpe2fs', ['-h', image]);
    const number = (name: string): number => Number(new RegExp(`^${name}: +(\\d+)`, 'm').exec(stdout)?.[1]);
    const bytes = number('Block size');
    return {
      sizeBytes: number('Block count') * bytes,
      usedBytes: (number('Block count') - number('Free blocks')) * bytes,
    };
  };
  expect((await facts())?.fileSystem).toEqual(await counts());
  const point = await mountAt(image, 'p');
  await execa('dd', ['if=/dev/zero', `of=${point}/filler`, 'bs=1M', 'count=4']);
  await unmount(point);
  const { fileSystem: filled } = (await facts()) ?? {};
  expect(filled).toEqual(await counts());
  await resizeDisk(image, 48 * 1024 ** 2);
  expect(await facts()).toMatchObject({ sizeBytes: 48 * 1024 ** 2, fileSystem: filled });
});
