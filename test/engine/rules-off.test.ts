import { existsSync } from 'node:fs';
import { chmod } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type AlteredEngine, startAlteredEngine } from '../support/altered-engine.ts';
import { type Docker, probe } from '../support/docker.ts';

/**
 * The probes of the rows above an engine whose daemon lacks the rule: each must find its way through. One that does not would pass
 * for another reason than the rule, and prove nothing. Of the pure rules `src/isolation/hostile.test.ts` shows the same for all.
 */
const off = ['binds', 'seccomp-floor', 'namespaces', 'uptime', 'devices', 'setting-files'];

let engine: AlteredEngine | undefined;
let docker: Docker;
let dir: string;
beforeAll(async () => {
  engine = await startAlteredEngine('weak', { without: off });
  ({ docker, dir } = engine);
});
afterAll(async () => engine?.[Symbol.asyncDispose]());
const run = async (...args: string[]) => docker.run(['run', '--rm', ...args]);

test('without the floor a privileged container opens a vsock', async () => {
  expect((await run('--privileged', probe, 'probe', 'vsock-socket')).stdout).toBe('ok');
});

test('without the rule of namespaces the host name of the host is shared', async () => {
  expect((await run('--uts=host', probe, 'hostname')).stdout).toBe(hostname());
});

test('without the rule of uptime the uptime of the machine is shown', async () => {
  const [uptime] = (await run(probe, 'cat', '/proc/uptime')).stdout.split(' ');
  expect(Number(uptime)).toBeGreaterThan(100);
});

test('without the rule of devices a device cgroup rule is served', async () => {
  expect((await run('--device-cgroup-rule', 'c 1:11 r', probe, 'echo', 'ran')).stdout).toBe('ran');
});

test('without the rule of files for settings a privileged container cannot write them', async () => {
  const write = 'echo 1 > /proc/sys/vm/overcommit_memory';
  expect((await run('--privileged', probe, 'sh', '-c', write)).stderr).toContain('Permission denied');
});

test('without the rule of binds a shared directory is of nobody, and a read-only one is made writable', async () => {
  await chmod(dir, 0o777);
  expect((await run('-v', `${dir}:/x`, probe, 'stat', '-c', '%u', '/x')).stdout).toBe('65534');
  const force = 'mount -o remount,bind,rw /x; touch /x/forced';
  await run('--privileged', '-v', `${dir}:/x:ro`, probe, 'sh', '-c', force);
  expect(existsSync(join(dir, 'forced'))).toBe(true);
});
