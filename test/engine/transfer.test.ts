import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { z } from 'zod';
import { createDocker, type Docker, probe, unique } from '../support/docker.ts';
import { engineInternals } from '../support/engine-internals.ts';
import { orNothing } from '../../src/common/cause.ts';
import { mebibytesRead, peakMemory, resetPeakMemory } from '../support/process-figures.ts';
import { processTree, wordsOf } from '../support/process-tree.ts';
import { transferRows } from '../support/transfer.ts';

/**
 * 1 GiB through the control channel of a VM, at the speed of this machine: Docker CLI, forwarded `docker.sock`, HTTP/2, bulkheadd,
 * dockerd. Only the byte stream is a socket instead of a virtio-serial port.
 */
const size = 1_024;
let dir = '';
let host: ChildProcess;
let hostPid = 0;
let daemonPid = 0;
let docker: Docker;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'bulkhead-channel-'));
  const dockerSocket = join(dir, 'docker.sock');
  const program = join(import.meta.dirname, '../support/channel-host.ts');
  host = spawn(process.execPath, [program, inject('controlSocket'), dockerSocket], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  if (host.stdout === null || host.pid === undefined) throw new Error('the host process did not start');
  await once(host.stdout, 'data');
  hostPid = host.pid;
  const daemon = await (await engineInternals(inject('enginePid'))).pidOf('bulkheadd');
  if (daemon === undefined) throw new Error('bulkheadd does not run');
  daemonPid = daemon;
  docker = createDocker(`unix://${dockerSocket}`);
  await resetPeakMemory(daemonPid);
});
afterAll(async () => {
  const exited = once(host, 'exit');
  host.stdin?.end();
  await exited;
  await rm(dir, { recursive: true });
  if (host.exitCode !== 0) throw new Error(`the host process ended with status ${host.exitCode}`);
});

transferRows(() => docker, size, 180_000);

test('the bytes went through host process and bulkheadd, neither of which held more than a fraction of them', async () => {
  const figures = async (pid: number) => ({ read: await mebibytesRead(pid), peak: await peakMemory(pid) });
  const [atHost, atDaemon] = await Promise.all([hostPid, daemonPid].map(figures));
  process.stdout.write(
    `peak: host process ${atHost?.peak.toFixed()}, bulkheadd ${atDaemon?.peak.toFixed()} MiB\n`,
  );
  // Import, save, load, and the copy of the file out of the container.
  expect(atHost?.read).toBeGreaterThan(4 * size);
  expect(atDaemon?.read).toBeGreaterThan(4 * size);
  // About 100 MiB are Node itself and its code.
  expect(atHost?.peak).toBeLessThan(size / 4);
  expect(atDaemon?.peak).toBeLessThan(size / 4);
});

/** Over a unix socket a process of its own moves what is large (`src/daemon/body-pump`). */
const direct = 256;
let readBefore = 0;
test('before the same over a unix socket', async () => {
  readBefore = await mebibytesRead(daemonPid);
  expect(readBefore).toBeGreaterThan(0);
});

transferRows(() => createDocker(inject('dockerHost')), direct, 120_000);

test('the bytes did not go through bulkheadd', async () => {
  // All of it would be four times as much; what others do meanwhile counts as well.
  expect((await mebibytesRead(daemonPid)) - readBefore).toBeLessThan(direct);
});

/**
 * Of the image's libuv a child that inherits a socket makes it blocking, for bulkheadd as well: whoever then did not read stopped it, in a write.
 */
test('no socket of bulkheadd blocks while a program moves what a client does not read', async () => {
  const direct = createDocker(inject('dockerHost'));
  const name = unique('unread');
  const blocking = (): string[] => sockets(daemonPid).filter((fd) => isBlocking(daemonPid, fd));
  await direct.ok(['run', '--name', name, probe, 'dd', 'if=/dev/zero', 'of=/large', 'bs=1M', 'count=64']);
  const before = blocking();
  let unseen = 0;
  const asked = request({ socketPath: direct.socket, path: `/containers/${name}/export` }).end();
  const [answer] = z.tuple([z.instanceof(IncomingMessage)]).parse(await once(asked, 'response'));
  try {
    // As little as makes a pump of it, which depends on how fast the engine is at this moment; what is not read keeps the pump at work.
    for await (const piece of answer.iterator({ destroyOnReturn: false })) {
      unseen += z.instanceof(Buffer).parse(piece).length;
      if (unseen < 1 << 20) continue;
      unseen = 0;
      if (isPumping(daemonPid)) break;
    }
    expect(isPumping(daemonPid)).toBe(true);
    expect(blocking()).toEqual(before);
  } finally {
    answer.destroy();
    await direct.ok(['rm', '-f', name]);
  }
});

function isPumping(pid: number): boolean {
  return processTree(pid).flatMap(wordsOf).includes('/usr/lib/bulkhead/body-pump');
}

/** Those that are closed meanwhile are left out. */
function sockets(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`).filter((fd) =>
    orNothing(() => readlinkSync(`/proc/${pid}/fd/${fd}`))?.startsWith('socket:'),
  );
}

function isBlocking(pid: number, fd: string): boolean {
  const info = orNothing(() => readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'utf8')) ?? '';
  const flags = /^flags:\s+(\d+)$/m.exec(info)?.[1];
  return flags !== undefined && (Number.parseInt(flags, 8) & constants.O_NONBLOCK) === 0;
}
