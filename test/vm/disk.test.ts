import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { builtImageDir } from '../support/built-image.ts';
import { createDocker, type Docker, probe } from '../support/docker.ts';
import { type Instance, instanceAt } from '../support/instance.ts';
import { type DiskNow, diskNow, qemuOf, seen } from '../support/killed-vm.ts';

/**
 * The disk of a VM, larger and elsewhere, and what is left of it when QEMU is killed. What interrupts a move is tested in `src/vm/disk` and `test/engine/disk-power-loss.test.ts`;
 * growing needs a capability (CAP_SYS_RESOURCE) that the machines of the tests do not have, so it is seen in a VM alone.
 */
const gibibyte = 1024 ** 3;

let dir = '';
let instance: Instance;
let docker: Docker;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'bh-vmdisk-'));
  await mkdir(join(dir, 'run'), { mode: 0o700 });
  instance = instanceAt({ name: 'disk', dir, image: await builtImageDir() });
  docker = createDocker(instance.dockerHost);
  await instance.up(240, '--data-size', '2');
}, 600_000);
afterAll(async () => {
  await instance.run('down');
  await rm(dir, { recursive: true });
});

const shownSchema = z.object({
  file: z.string(),
  disk: z.object({
    sizeBytes: z.number(),
    hostBytes: z.number(),
    fileSystem: z.object({ sizeBytes: z.number(), usedBytes: z.number() }),
  }),
});

async function disk(...words: string[]): Promise<string> {
  const { status, stdout, stderr } = await instance.disk(...words, '--json');
  expect([status, stderr.split('\n').filter((line) => line.startsWith('error'))]).toEqual([0, []]);
  return stdout;
}

const shown = async () => shownSchema.parse(JSON.parse(await disk()));

/** What the volume holds, by the word of a container. */
let written = '';
const much = 'dd if=/dev/urandom of=/data/much bs=1M count=16 2>/dev/null; sync';
const told = 'cat /data/file; sha256sum /data/much';

/** In a container that has the volume. */
async function kept(script: string): Promise<string> {
  return docker.ok(['run', '--rm', '-v', 'kept:/data', probe, 'sh', '-c', script]);
}

/** Of the file system, in bytes. */
async function sizeInside(): Promise<number> {
  return Number(/\n\S+ +(\d+) /.exec(await kept('df -k /data'))?.[1]) * 1024;
}

test(
  'grown and moved while it does not run: all is there at the next start, in a larger file system',
  { timeout: 600_000 },
  async () => {
    written = await kept(`echo kept > /data/file; ${much}; ${told}`);
    expect((await instance.run('down')).status).toBe(0);
    const before = await shown();
    expect(before.disk.fileSystem.sizeBytes).toBeGreaterThan(1.9 * gibibyte);
    await disk('resize', '4');
    const place = join(dir, 'place');
    await mkdir(place, { mode: 0o700 });
    await disk('move', place);
    const { file } = await shown();
    expect(dirname(file)).toBe(place);
    expect((await readdir(dirname(before.file))).filter((name) => name.endsWith('.raw'))).toEqual([]);

    await instance.up();
    expect(await instance.status()).toMatchObject({ dataDisk: file });
    expect(await kept(told)).toBe(written);
    expect(await sizeInside()).toBeGreaterThan(3.8 * gibibyte);
    expect((await instance.run('down')).status).toBe(0);
    expect((await shown()).disk.fileSystem.sizeBytes).toBeGreaterThan(3.9 * gibibyte);
  },
);

const consoleLog = (): string => readFileSync(join(dir, 'state/bulkhead/disk/console.log'), 'utf8');
/** How often the VM has said that it grew, in what there is of its words. */
const timesGrown = (): number => consoleLog().split('the data disk grew').length - 1;

interface Growth {
  /** As it was when the VM had just mounted it: growing comes next. */
  readonly mounted: DiskNow;
  readonly now: DiskNow;
  /** The VM has said that it is done. */
  readonly said: boolean;
  /** What it is to be. */
  readonly bytes: number;
}

/** `up` of a disk that was made larger, and SIGKILL for its QEMU once that much has happened. */
async function killedGrowing(bytes: number, happened: (growth: Growth) => boolean): Promise<void> {
  const { file } = await shown();
  const last = diskNow(file).mounted;
  let over = false;
  const { ended } = instance.start('up', '--timeout', '240');
  const up = ended.finally(() => (over = true));
  const qemu = await qemuOf(instance, file);
  await seen(
    () => diskNow(file).mounted !== last,
    () => over,
  );
  const [mounted, before] = [diskNow(file), timesGrown()];
  await seen(
    () => happened({ mounted, now: diskNow(file), said: timesGrown() > before, bytes }),
    () => over,
  );
  process.kill(qemu, 'SIGKILL');
  expect((await up).status).not.toBe(0);
}

/** A copy, of which as little is read and written as of the disk, because both are all but empty. */
async function copyOfDisk(): Promise<string> {
  const copy = join(dir, 'copy.raw');
  await execa('cp', ['--sparse=always', (await shown()).file, copy]);
  return copy;
}

/**
 * What the VM does to a disk at its start, done to a copy: it can, in it is the volume, and what it then has is in order. Before it was mounted once, e2fsck finds that the file of
 * orphans may be marked as empty, which -p leaves to the kernel.
 */
async function expectRepairable(): Promise<void> {
  const copy = await copyOfDisk();
  const { exitCode, stdout } = await execa('/usr/sbin/e2fsck', ['-p', copy], { reject: false });
  expect([exitCode === 0 || exitCode === 1, stdout]).toEqual([true, expect.any(String)]);
  const point = join(dir, 'copy');
  await mkdir(point, { recursive: true });
  await execa('mount', ['-o', 'loop', copy, point]);
  try {
    expect(readFileSync(join(point, 'docker/volumes/kept/_data/file'), 'utf8')).toBe('kept\n');
  } finally {
    await execa('umount', [point]);
  }
  await expectSound(copy);
}

/** Its file system is in order by the word of the host's e2fsck(8), which looks at all of it and changes nothing. */
async function expectSound(file: string): Promise<void> {
  const { exitCode, stdout } = await execa('/usr/sbin/e2fsck', ['-fn', file], { reject: false });
  expect([exitCode, stdout]).toEqual([0, expect.not.stringContaining('<no>')]);
}

describe('a VM that is killed while its disk grows', () => {
  test.each([
    [6, 'as it begins', ({ now, mounted }: Growth) => now.changed !== mounted.changed],
    [8, 'as its new size is written', ({ now, bytes }: Growth) => now.fileSystemBytes === bytes],
    [10, 'as it has ended', ({ said }: Growth) => said],
  ])(
    'to %i GiB, %s: what the VM makes of it at its next start is sound, and all is there',
    { timeout: 300_000 },
    async (size, _when, happened) => {
      await disk('resize', String(size));
      await killedGrowing(size * gibibyte, happened);
      await expectRepairable();
    },
  );

  test('the next start has the new size and the data', async () => {
    await instance.up();
    expect(await kept(told)).toBe(written);
    expect(await sizeInside()).toBeGreaterThan(9.5 * gibibyte);
  }, 600_000);
});

/** A volume of 200 MiB that is written and removed; gives what the file of the disk took when it was full. */
async function fillAndRemove(): Promise<number> {
  const fill = 'dd if=/dev/urandom of=/data/large bs=1M count=200 2>/dev/null && sync';
  await docker.ok(['run', '--rm', '-v', 'large:/data', probe, 'sh', '-c', fill]);
  const { hostBytes } = (await shown()).disk;
  await docker.ok(['volume', 'rm', 'large']);
  return hostBytes;
}

test('space of what is removed comes back to this machine, and what is kept stays as it is', async () => {
  const full = await fillAndRemove();
  const { freedBytes, hostBytes } = prunedSchema.parse(JSON.parse(await disk('prune')));
  expect(freedBytes).toBeGreaterThan(190 * 1024 ** 2);
  expect(hostBytes).toBeLessThan(full - 190 * 1024 ** 2);
  expect(await kept(told)).toBe(written);
}, 600_000);

test('a VM that is killed while it gives space back: all is there at the next start, the rest comes back then, and the file system is sound', async () => {
  const full = await fillAndRemove();
  const { file } = await shown();
  const qemu = await qemuOf(instance, file);
  const begun = diskNow(file).hostBytes;
  let over = false;
  const pruning = instance.disk('prune').finally(() => (over = true));
  // Where this machine is too busy to see it begin, it is killed when it has ended.
  await seen(
    () => over || diskNow(file).hostBytes < begun - 1024 ** 2,
    () => false,
  );
  process.kill(qemu, 'SIGKILL');
  await pruning;

  await instance.up();
  expect(await kept(told)).toBe(written);
  await disk('prune');
  expect((await shown()).disk.hostBytes).toBeLessThan(full - 190 * 1024 ** 2);
  expect(await kept(told)).toBe(written);
  expect((await instance.run('down')).status).toBe(0);
  await expectSound(file);
}, 600_000);

const prunedSchema = z.object({ name: z.string(), freedBytes: z.number(), hostBytes: z.number() });
