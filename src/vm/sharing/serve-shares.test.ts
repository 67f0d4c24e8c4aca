import { spawnSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createLogger } from '../../common/log.js';
import { openShares, type OpenedShare } from './open-shares.js';
import { serveShares } from './serve-shares.js';

/** A program of ours in the place of virtiofsd; guard and descriptors are real. */
const logger = createLogger('test', { write: () => undefined });
const never = new AbortController().signal;
let dir = '';
let runtimeDir = '';
let shares: readonly OpenedShare[] = [];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'bulkhead-serve-'));
  runtimeDir = join(dir, 'run');
  for (const name of ['run', 'one', 'two']) await mkdir(join(dir, name));
  shares = await openShares(
    ['one', 'two'].map((name) => ({ path: join(dir, name), readOnly: false })),
    [],
    undefined,
    'server',
  );
});
afterEach(async () => {
  for (const { handle } of shares) await handle.close();
  await rm(dir, { recursive: true });
});

async function program(script: string) {
  const loader = join(dir, 'loader');
  await writeFile(loader, `#!/bin/sh\n${script}\n`);
  await chmod(loader, 0o755);
  return { loader, libraries: dir, program: 'virtiofsd' };
}

const running = (): string => spawnSync('ps', ['-eo', 'args'], { encoding: 'utf8' }).stdout;

test.runIf(process.platform === 'linux')(
  'servers are ready when they say so, and end with the disposal',
  async () => {
    const server = await program(
      `echo "[x INFO virtiofsd] Waiting for vhost-user socket connection..." >&2; touch /sys/served; exec sleep 61${process.pid}`,
    );
    {
      await using servers = await serveShares(shares, server, { runtimeDir, logger, signal: never });
      expect(servers.served).toEqual(
        [0, 1].map((index) => ({ tag: `share${index}`, socket: join(runtimeDir, `share${index}.sock`) })),
      );
      expect((await readdir(runtimeDir)).sort()).toEqual(['share0.sock', 'share1.sock']);
      await expect.poll(async () => readdir(join(dir, 'two'))).toEqual(['served']);
    }
    expect(await readdir(runtimeDir)).toEqual([]);
    expect(running()).not.toContain(`sleep 61${process.pid}`);
  },
);

test.runIf(process.platform === 'linux')('one comes and goes while the others run', async () => {
  const server = await program(
    `echo "Waiting for vhost-user socket connection..." >&2; exec sleep 63${process.pid}`,
  );
  const [one, two] = shares;
  if (one === undefined || two === undefined) throw new Error('two were opened');
  await using servers = await serveShares([one], server, { runtimeDir, logger, signal: never });
  const added = await servers.add(two);
  expect(added).toEqual({ tag: 'share1', socket: join(runtimeDir, 'share1.sock') });
  expect((await readdir(runtimeDir)).sort()).toEqual(['share0.sock', 'share1.sock']);
  await servers.remove('share1');
  expect(await readdir(runtimeDir)).toEqual(['share0.sock']);
  expect(running().match(new RegExp(`sleep 63${process.pid}`, 'g'))?.length).toBe(1);
  // The guest may hold on to a device by its old tag.
  expect((await servers.add(two)).tag).toBe('share2');
});

test.runIf(process.platform === 'linux')(
  'one that was killed and does not end is not taken for one that has',
  async () => {
    // What it started has its standard error on.
    const [first] = shares;
    if (first === undefined) throw new Error('one was opened');
    const server = await program(
      `sleep 64${process.pid} & echo $! > /sys/pid; echo "Waiting for vhost-user socket connection..." >&2; exec sleep 65${process.pid}`,
    );
    const where = { runtimeDir, logger, signal: never, endMs: 100 };
    await using servers = await serveShares([first], server, where);
    for (const _time of [1, 2])
      await expect(servers.remove('share0')).rejects.toMatchObject({
        code: 'BH_SHARE_SERVER_LEFT',
        params: { path: join(dir, 'one'), seconds: 0.1 },
      });
    expect(running()).not.toContain(`sleep 65${process.pid}`);
    process.kill(Number(await readFile(join(dir, 'one/pid'), 'utf8')));
    await servers.remove('share0');
  },
);

test.runIf(process.platform === 'linux')(
  'a server that ends at once is an error with its last words',
  async () => {
    const server = await program('echo "no such luck" >&2; exit 1');
    await expect(serveShares(shares, server, { runtimeDir, logger, signal: never })).rejects.toMatchObject({
      code: 'BH_SHARE_SERVER',
      params: { path: join(dir, 'one'), reason: 'no such luck' },
    });
    expect(await readdir(runtimeDir)).toEqual([]);
  },
);

test.runIf(process.platform === 'linux')(
  'nothing is left of servers that were not wanted any more',
  async () => {
    const server = await program(`exec sleep 62${process.pid}`);
    const stop = new AbortController();
    const started = serveShares(shares, server, { runtimeDir, logger, signal: stop.signal });
    setTimeout(() => stop.abort(new Error('told to stop')), 300);
    await expect(started).rejects.toThrow('told to stop');
    expect(running()).not.toContain(`sleep 62${process.pid}`);
  },
);
