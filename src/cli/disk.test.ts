import { execa } from 'execa';
import { chmod, mkdir, mkdtemp, readdir, rename, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { writeTinyImage } from '../vm/test-support/tiny-image.js';

/** `bulkhead disk` with the built command and a fake QEMU; the guest's part is tested in the VM. `tsc --build` comes first. */
const dist = fileURLToPath(new URL('../../dist', import.meta.url));
const gibibyte = 1024 ** 3;

let directory = '';
let env: Record<string, string> = {};
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bh-disk-'));
  const qemu = join(directory, 'qemu');
  await writeFile(qemu, `#!/bin/sh\nexec ${process.execPath} ${dist}/vm/test-support/fake-qemu.js "$@"\n`);
  await chmod(qemu, 0o755);
  await writeTinyImage(join(directory, 'image'));
  env = {
    BULKHEAD_QEMU: qemu,
    BULKHEAD_IMAGE: join(directory, 'image'),
    BULKHEAD_NAME: 'd',
    XDG_STATE_HOME: directory,
    XDG_RUNTIME_DIR: directory,
    XDG_CACHE_HOME: directory,
    // `up` keeps a Docker context, which must not be that of whoever runs the tests.
    DOCKER_CONFIG: directory,
    XDG_CONFIG_HOME: join(directory, 'config'),
  };
});
afterEach(async () => {
  await bulkhead('down');
});
afterAll(() => rm(directory, { recursive: true }));

async function bulkhead(...args: string[]) {
  const { exitCode, stdout, stderr } = await execa(process.execPath, [join(dist, 'cli/main.js'), ...args], {
    env,
    reject: false,
    stdin: 'ignore',
  });
  return { status: exitCode, out: stdout, err: stderr };
}

const shownSchema = z.looseObject({
  file: z.string(),
  running: z.boolean(),
  unsettled: z.boolean(),
  disk: z.object({ sizeBytes: z.number(), hostBytes: z.number() }).nullable(),
});
const shown = async () => shownSchema.parse(JSON.parse((await bulkhead('disk', '--json')).out));

test('from the first start on: shown, grown, moved, and found again', async () => {
  const before = await bulkhead('disk');
  expect(before).toMatchObject({ status: 0 });
  expect(before.out).toContain('not there');
  expect((await bulkhead('disk', 'resize', '2')).err).toContain('error BH_DISK_NONE: ');

  expect((await bulkhead('up', '--data-size', '1')).status).toBe(0);
  expect(await shown()).toMatchObject({ running: true, disk: { sizeBytes: gibibyte } });
  const place = join(directory, 'place');
  await mkdir(place, { mode: 0o700 });
  for (const words of [
    ['resize', '2'],
    ['move', place],
  ]) {
    const { status, err } = await bulkhead('disk', ...words);
    expect(err).toMatch(/error BH_DISK_IN_USE: Instance d runs, and its data disk cannot be (resized|moved)/);
    expect(status).toBe(75);
  }
  await bulkhead('down');

  expect((await bulkhead('disk', 'resize', '2')).status).toBe(0);
  const smaller = await bulkhead('disk', 'resize', '1');
  expect(smaller.err).toMatch(/^error BH_DISK_SHRINK: .*has 2 GiB and is not made smaller/m);
  expect(smaller.status).toBe(77);
  expect((await shown()).disk).toMatchObject({ sizeBytes: 2 * gibibyte });

  const old = (await shown()).file;
  const moved = await bulkhead('disk', 'move', place, '--json');
  expect(moved.status).toBe(0);
  const { file } = await shown();
  expect(JSON.parse(moved.out)).toEqual({ name: 'd', from: old, to: file });
  expect(file).toMatch(new RegExp(`^${place}/bulkhead-d-`));
  await expect(stat(old)).rejects.toMatchObject({ code: 'ENOENT' });

  expect((await bulkhead('up')).status).toBe(0);
  expect(JSON.parse((await bulkhead('status', '--json')).out)).toMatchObject({ dataDisk: file });
  await expect(stat(old)).rejects.toMatchObject({ code: 'ENOENT' });
  await bulkhead('down');

  await rename(file, `${file}.away`);
  const away = await bulkhead('up');
  expect(away.err).toMatch(/^error BH_DISK_AWAY: The data disk was moved to .*, and is not there/m);
  expect(away.status).toBe(69);
  expect((await readdir(join(directory, 'bulkhead', 'd'))).filter((name) => name.endsWith('.raw'))).toEqual(
    [],
  );
  await rename(`${file}.away`, file);
  expect((await bulkhead('up')).status).toBe(0);
}, 120_000);

test('prune asks the VM to give space back, and one that does not run is not started for it', async () => {
  const stopped = await bulkhead('disk', 'prune');
  expect([stopped.status, stopped.err]).toEqual([69, expect.stringContaining('BH_INSTANCE_NOT_RUNNING')]);
  await bulkhead('up', '--data-size', '1');
  const { status, out } = await bulkhead('disk', 'prune', '--json');
  expect(status).toBe(0);
  const { hostBytes } = (await shown()).disk ?? {};
  expect(JSON.parse(out)).toEqual({ name: 'd', freedBytes: 0, hostBytes });
  expect((await bulkhead('disk', 'prune')).err).toMatch(/0 .*were given back; the data disk takes /);
}, 60_000);

test('a place others can write to, and a size that policy decides, are refused', async () => {
  await bulkhead('up', '--data-size', '1');
  await bulkhead('down');
  const open = join(directory, 'open');
  await mkdir(open);
  await chmod(open, 0o777);
  const moved = await bulkhead('disk', 'move', open);
  expect(moved.err).toMatch(/^error BH_DISK_PLACE: .*open: others may write to it/m);
  expect(moved.status).toBe(78);
  expect(await readdir(open)).toEqual([]);

  const policy = join(directory, 'policy.json');
  const bulkheadSettings = { dataSizeGiB: { locked: true, value: 3 } };
  await writeFile(policy, JSON.stringify({ configurationFileVersion: 2, bulkhead: bulkheadSettings }));
  env = { ...env, BULKHEAD_POLICY: policy };
  expect((await bulkhead('disk', 'resize', '4')).err).toContain('error BH_SETTING_LOCKED: ');
  expect((await bulkhead('disk', 'resize', '3')).status).toBe(0);
  const { BULKHEAD_POLICY: _policy, ...rest } = env;
  env = rest;
}, 120_000);

test('a record that makes no sense keeps the VM from starting with an empty disk', async () => {
  const record = join(directory, 'bulkhead', 'd', 'disk.json');
  const kept = `${record}.kept`;
  await mkdir(join(directory, 'bulkhead', 'd'), { recursive: true, mode: 0o700 });
  await rename(record, kept).catch(() => undefined);
  await writeFile(record, '{"format":1');
  const up = await bulkhead('up');
  expect(up.err).toContain(`error BH_DISK_RECORD: ${record}`);
  expect(up.status).toBe(65);
  await truncate(record, 0);
  expect((await bulkhead('disk')).status).toBe(65);
  await rm(record);
  await rename(kept, record).catch(() => undefined);
}, 60_000);
