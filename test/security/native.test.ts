import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, inject, test, vi } from 'vitest';
import { createDocker, probe, socketOf } from '../support/docker.ts';
import { callEngine } from '../support/engine-api.ts';
import { startOwnEngine } from '../support/own-engine.ts';

/** A request of the control channel in bytes below 128 alone, which a log tag can carry. */
function powerOffTag(): string {
  const byte = (...values: number[]): string => String.fromCodePoint(...values);
  const field = (name: string, value: string): string =>
    `${byte(0, name.length)}${name}${byte(value.length)}${value}`;
  const headers = [
    field(':method', 'POST'),
    field(':path', '/power-off'),
    field(':scheme', 'http'),
    field(':authority', 'x'),
  ].join('');
  return [
    `x\nbulkhead-channel/1 ${'ab'.repeat(16)}\n`,
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    byte(0, 0, 0, 4, 0, 0, 0, 0, 0),
    byte(0, 0, headers.length, 1, 5, 0, 0, 0, 1),
    headers,
    // A frame of unknown type takes up whatever the driver writes next.
    byte(0, 0x3f, 0x7f, 0x20, 0, 0, 0, 0, 0),
  ].join('');
}

test('a log driver pointed at the control socket does not switch the engine off', async () => {
  await using engine = await startOwnEngine('control');
  const docker = createDocker(engine.dockerHost);
  await docker.run([
    'run',
    '-d',
    '--log-driver',
    'fluentd',
    '--log-opt',
    'fluentd-address=unix:///run/bulkhead/host/control.sock',
    '--log-opt',
    `tag=${powerOffTag().replaceAll('\0', '{{printf "%c" 0}}')}`,
    probe,
    'echo',
    'hi',
  ]);
  // Stopping takes less; an engine that has not begun to stop by then never got the order.
  const ended = await Promise.race([
    engine.exited.then(() => true),
    new Promise<false>((resolve) => setTimeout(() => resolve(false), 15_000)),
  ]);
  expect(ended).toBe(false);
});

test('an engine whose starter was killed leaves no cgroup behind', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'bulkhead-security-'));
  const name = `killed-${process.pid}`;
  const options = {
    name,
    root: inject('testedRoot'),
    dataDir: join(dir, 'data'),
    hostDir: join(dir, 'host'),
  };
  const program = `
    const { startNativeEngine } = await import(${JSON.stringify(join(import.meta.dirname, '../../dist/vm/native/index.js'))});
    await startNativeEngine({ ...${JSON.stringify(options)}, signal: AbortSignal.timeout(60_000) });
    console.log('ready');
    setInterval(() => {}, 1e6);`;
  const starter = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    await once(createInterface({ input: starter.stdout }), 'line');
    starter.kill('SIGKILL');
    const left = (): string[] =>
      readdirSync('/sys/fs/cgroup')
        .map((hierarchy) => join('/sys/fs/cgroup', hierarchy, `bulkhead-${name}`))
        .concat(`/sys/fs/cgroup/bulkhead-${name}`)
        .filter((path) => existsSync(path));
    await vi.waitFor(() => expect(left()).toEqual([]), { timeout: 10_000, interval: 100 });
  } finally {
    starter.kill('SIGKILL');
    await rm(dir, { recursive: true, force: true });
  }
});

test('specifications that are slow to judge do not hold up other connections', async () => {
  const socket = socketOf(inject('dockerHost'));
  const call = async (method: string, path: string, body?: object): Promise<string> =>
    (await callEngine(socket, { method, path, ...(body === undefined ? {} : { body }) })).text;
  const entry = {
    names: ['socket', 'socketcall'],
    action: 'SCMP_ACT_ALLOW',
    args: [{ index: 0, value: 1000, op: 'SCMP_CMP_EQ' }],
  };
  const profile = JSON.stringify({
    defaultAction: 'SCMP_ACT_ERRNO',
    syscalls: Array.from({ length: 68_000 }, () => entry),
  });
  const body = { Image: probe, Cmd: ['true'], HostConfig: { SecurityOpt: [`seccomp=${profile}`] } };
  const ids: string[] = [];
  for (let count = 0; count < 4; count += 1) {
    const created: unknown = JSON.parse(await call('POST', '/containers/create', body));
    ids.push(/"Id":"([0-9a-f]+)"/.exec(JSON.stringify(created))?.[1] ?? '');
  }
  let slowest = 0;
  const started = new AbortController();
  const starts = Promise.all(ids.map((id) => call('POST', `/containers/${id}/start`))).finally(() => {
    started.abort();
  });
  while (!started.signal.aborted) {
    const before = performance.now();
    await call('GET', '/_ping');
    slowest = Math.max(slowest, performance.now() - before);
  }
  await starts;
  for (const id of ids) await call('DELETE', `/containers/${id}?force=1`);
  expect(slowest).toBeLessThan(1000);
});
