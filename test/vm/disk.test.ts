import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { builtImageDir } from '../support/built-image.ts';
import { createDocker, type Docker, probe } from '../support/docker.ts';
import { type Instance, instanceAt } from '../support/instance.ts';

/** The disk of a VM, larger and elsewhere. What interrupts a move is tested in `src/vm/disk` and `test/engine/disk-power-loss.test.ts`. */
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

test(
  'grown and moved while it does not run: all is there at the next start, in a larger file system',
  { timeout: 600_000 },
  async () => {
    await docker.ok(['run', '--rm', '-v', 'kept:/data', probe, 'sh', '-c', 'echo kept > /data/file']);
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
    const sizes = await docker.ok([
      'run',
      '--rm',
      '-v',
      'kept:/data',
      probe,
      'sh',
      '-c',
      'cat /data/file; df -k /data',
    ]);
    expect(sizes).toMatch(/^kept\n/);
    expect(Number(/\n\S+ +(\d+) /.exec(sizes)?.[1]) * 1024).toBeGreaterThan(3.8 * gibibyte);
    expect((await instance.run('down')).status).toBe(0);
    expect((await shown()).disk.fileSystem.sizeBytes).toBeGreaterThan(3.9 * gibibyte);
  },
);

test('space of what is removed comes back to this machine, and what is kept stays as it is', async () => {
  await instance.up();
  const sum = ['run', '--rm', '-v', 'kept:/data', probe, 'cat', '/data/file'];
  const fill = 'dd if=/dev/urandom of=/data/large bs=1M count=200 2>/dev/null && sync';
  await docker.ok(['run', '--rm', '-v', 'large:/data', probe, 'sh', '-c', fill]);
  const full = (await shown()).disk.hostBytes;
  await docker.ok(['volume', 'rm', 'large']);
  const { freedBytes, hostBytes } = prunedSchema.parse(JSON.parse(await disk('prune')));
  expect(freedBytes).toBeGreaterThan(190 * 1024 ** 2);
  expect(hostBytes).toBeLessThan(full - 190 * 1024 ** 2);
  expect(await docker.ok(sum)).toBe('kept');
  // The file system is in order: it is checked at the next start.
  expect((await instance.run('down')).status).toBe(0);
  await instance.up();
  expect(await docker.ok(sum)).toBe('kept');
}, 600_000);

const prunedSchema = z.object({ name: z.string(), freedBytes: z.number(), hostBytes: z.number() });
