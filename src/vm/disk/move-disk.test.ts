import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, open, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { BulkheadError } from '../../common/errors/bulkhead-error.js';
import { type Death, type DiskStep, dyingDiskFiles } from '../test-support/dying-disk-files.js';
import { systemDiskFiles } from './disk-files.js';
import { moveDisk } from './move-disk.js';
import { settleDisk } from './settle-disk.js';

const size = 8 * 1024 ** 2;
const content = Buffer.alloc(64 * 1024, 'what the VM has written ');

let root = '';
let record = '';
let standard = '';
let target = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'bulkhead-move-'));
  record = join(root, 'state', 'disk.json');
  standard = join(root, 'state', 'data.raw');
  target = join(root, 'target');
  await mkdir(join(root, 'state'));
  await mkdir(target);
  await using disk = await open(standard, 'wx', 0o600);
  await disk.truncate(size);
  await disk.write(content, 0, content.length, 4096);
});
afterEach(() => rm(root, { recursive: true }));

/** Every place is, but for what one test says. */
const allowed = vi.fn<(directory: string) => Promise<void>>(() => Promise.resolve());

const never = new AbortController().signal;

interface Way {
  readonly linking: boolean;
}

async function move({ linking }: Way, death?: Death, signal = never): Promise<readonly DiskStep[]> {
  const { files, steps } = dyingDiskFiles(systemDiskFiles(record), death, { linking });
  const { file } = await settleDisk(files, standard);
  const request = { instance: 'one', standard, file, directory: target, allowed };
  await moveDisk(files, request, () => undefined, signal);
  return steps;
}

/** What the next start finds: one disk, whole, and nothing else anywhere. */
async function expectWhole(): Promise<string> {
  const { file, note } = await settleDisk(systemDiskFiles(record), standard);
  expect(note).toBeUndefined();
  const found = await readFile(file);
  expect(found.length).toBe(size);
  expect(found.subarray(4096, 4096 + content.length).equals(content)).toBe(true);
  expect(found.subarray(4096 + content.length).every((byte) => byte === 0)).toBe(true);
  const places = [join(root, 'state'), join(root, 'target')];
  const others = (await Promise.all(places.map((place) => readdir(place)))).flat();
  expect(others.filter((name) => name.includes('.raw'))).toEqual([basename(file)]);
  expect(others.filter((name) => name.includes('disk.json.'))).toEqual([]);
  return file;
}

const copying: Way = { linking: false };
const linking: Way = { linking: true };
const stepsOf = new Map<Way, readonly DiskStep[]>([
  [copying, ['writeRecord', 'link', 'copy', 'rename', 'syncName', 'writeRecord', 'remove', 'writeRecord']],
  [linking, ['writeRecord', 'link', 'syncName', 'writeRecord', 'remove', 'writeRecord']],
]);

test('a place that must not be is asked of once the record names it, and nothing is made there', async () => {
  allowed.mockImplementationOnce(async (directory) => {
    const written = systemDiskFiles(record).readRecord();
    expect(written?.copying).toContain(directory);
    throw new BulkheadError('BH_DISK_PLACE', { directory, reason: 'it is shared' });
  });
  await expect(move(linking)).rejects.toMatchObject({ code: 'BH_DISK_PLACE' });
  expect(await expectWhole()).toBe(standard);
  expect(await readdir(target)).toEqual([]);
});

test.each([
  ['copied to another file system', copying],
  ['given another name on the same', linking],
])('a disk is %s, and the old one removed last', async (_what, way) => {
  expect(await move(way)).toEqual(stepsOf.get(way));
  const file = await expectWhole();
  expect(file).toMatch(/\/target\/bulkhead-one-[0-9a-f]{12}\.raw$/);
  const found = await stat(file);
  expect(found.mode & 0o777).toBe(0o600);
  expect(found.blocks * 512).toBeLessThan(size / 4);
  // And back.
  target = join(root, 'state');
  await move(way);
  expect(await expectWhole()).toMatch(/\/state\/bulkhead-one-/);
});

const deaths = [...stepsOf].flatMap(([way, steps]) =>
  steps.flatMap((step, index) =>
    (['before', 'midway', 'after'] as const)
      .filter((when) => when !== 'midway' || step === 'copy')
      .map((when) => ({ way, step, when, atStep: index + 1, how: way === copying ? 'copying' : 'linking' })),
  ),
);

test.each(deaths)(
  '$how: dead $when step $atStep, $step: one disk is whole, and the next move works',
  async ({ way, ...death }) => {
    // After the last step there is nothing left to fail.
    await move(way, death).catch(() => undefined);
    await expectWhole();
    await move(way);
    expect(await expectWhole()).toContain('/target/');
  },
);

test.each(deaths)(
  '$how: dead $when step $atStep, $step, and dead again at each step of tidying up',
  async ({ way, ...death }) => {
    await move(way, death).catch(() => undefined);
    for (let atStep = 1; ; atStep += 1) {
      const dying = dyingDiskFiles(systemDiskFiles(record), { atStep, when: 'after' });
      await settleDisk(dying.files, standard).catch(() => undefined);
      if (dying.steps.length < atStep) break;
    }
    await expectWhole();
  },
);

const killedMove = fileURLToPath(new URL('../../../dist/vm/test-support/killed-move.js', import.meta.url));

test.each(['copying', 'linking'] as const)(
  'kill -9 at each step, %s',
  async (how) => {
    const steps = stepsOf.get(how === 'copying' ? copying : linking)?.length ?? 0;
    for (const when of ['before', 'after'] as const) {
      for (let step = 1; step <= steps; step += 1) {
        const words = [record, standard, target, how, String(step), when];
        const child = spawn(process.execPath, [killedMove, ...words], { stdio: 'inherit' });
        expect(await once(child, 'exit')).toEqual([null, 'SIGKILL']);
        await expectWhole();
      }
    }
  },
  120_000,
);

test('a copy that is given up, or cannot be made, leaves the old disk and nothing else', async () => {
  const given = new AbortController();
  const reason = new Error('Ctrl-C');
  given.abort(reason);
  await expect(move(copying, undefined, given.signal)).rejects.toBe(reason);
  expect(await expectWhole()).toBe(standard);
  await rm(target, { recursive: true });
  await expect(move(copying)).rejects.toMatchObject({
    code: 'BH_DISK_MOVE',
    params: { dataDisk: standard, directory: target },
  });
  await mkdir(target);
  expect(await expectWhole()).toBe(standard);
});

test('where it was moved to is not mounted: refused, because a new disk would be an empty one', async () => {
  await move(copying);
  const file = await expectWhole();
  await rm(file);
  await expect(settleDisk(systemDiskFiles(record), standard)).rejects.toMatchObject({
    code: 'BH_DISK_AWAY',
    params: { dataDisk: file },
  });
});

test('the old disk stays as long as the new one is not seen', async () => {
  // Dead between the switch and the removal of the old disk, and then the new one's file system is not mounted.
  await move(copying, { atStep: 6, when: 'after' }).catch(() => undefined);
  const { file } = systemDiskFiles(record).readRecord() ?? { file: '' };
  expect(file).toContain('/target/');
  await rm(file);
  await expect(settleDisk(systemDiskFiles(record), standard)).rejects.toMatchObject({ code: 'BH_DISK_AWAY' });
  expect((await stat(standard)).size).toBe(size);
});

test('a copy is kept as long as the disk it was made of is not seen', async () => {
  const copy = join(target, 'bulkhead-one-0.raw');
  const files = systemDiskFiles(record);
  await files.writeRecord({ format: 1, file: standard, copying: copy });
  await files.rename(standard, copy);
  await expect(settleDisk(files, standard)).rejects.toThrow(BulkheadError);
  expect((await readFile(copy)).length).toBe(size);
  await files.rename(copy, standard);
  expect(await expectWhole()).toBe(standard);
});
