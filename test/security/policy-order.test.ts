import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { type NativeEngine, startNativeEngine } from '../../src/vm/native/index.ts';
import { createDocker } from '../support/docker.ts';
import { callEngine } from '../support/engine-api.ts';
import { type EngineInternals, engineInternals, type Service } from '../support/engine-internals.ts';
import { eventually } from '../support/eventually.ts';
import { createPrivileged, HammeringClient, kindOf } from '../support/hammering-client.ts';

let dir: string;
let client: HammeringClient;
let engine: NativeEngine;
let internals: EngineInternals;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'bulkhead-order-'));
  // From before there is an engine, or even the directory of its socket.
  client = new HammeringClient(join(dir, 'host', 'docker.sock'), { request: createPrivileged, parallel: 2 });
  const file = join(dir, 'admin-settings.json');
  await writeFile(file, '{"configurationFileVersion": 2, "bulkhead": {"allowPrivileged": false}}');
  await using policy = await open(file);
  engine = await startNativeEngine({
    name: `order-${process.pid}`,
    root: inject('testedRoot'),
    dataDir: join(dir, 'data'),
    hostDir: join(dir, 'host'),
    policy,
    signal: AbortSignal.timeout(90_000),
  });
  internals = await engineInternals(engine.pid);
});
afterAll(async () => {
  await client.stop();
  await engine.stop();
  await rm(dir, { recursive: true });
});

/** Above the deadlines of what is waited for. */
const timeout = 180_000;

/** The client has got decisions, by the policy each of them; it goes on. */
async function expectMoreDenied(): Promise<void> {
  const before = client.count('denied');
  await eventually(async () => {
    // One that got through is not waited out.
    expect(client.count('served')).toBe(0);
    expect(client.count('denied')).toBeGreaterThan(before + 10);
  }, 60_000);
}

test('G04: not one privileged container is made while the engine starts', { timeout }, async () => {
  await expectMoreDenied();
});

test.each<Service>(['bulkheadd', 'dockerd', 'containerd'])(
  'nor when %s is killed and comes back',
  { timeout },
  async (service) => {
    await internals.replace(service);
    await expectMoreDenied();
  },
);

test('nor was one made that no answer told of', { timeout }, async () => {
  await client.stop();
  expect(client.count('served')).toBe(0);
  expect(client.count('denied')).toBeGreaterThan(40);
  const docker = createDocker(engine.dockerHost);
  expect(await eventually(async () => docker.ok(['ps', '-aq']), 60_000)).toBe('');
  const inside = createDocker(internals.rawHost);
  expect(await inside.ok(['ps', '-aq'])).toBe('');
});

test('rule off: an engine without a policy serves the same request', async () => {
  const docker = createDocker(inject('dockerHost'));
  const answer = await callEngine(docker.socket, createPrivileged);
  expect(kindOf(answer)).toBe('served');
  await docker.ok(['rm', /"Id":"([0-9a-f]{64})"/.exec(answer.text)?.[1] ?? '']);
});
