import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type NativeEngine, startNativeEngine } from '../../src/vm/native/index.ts';
import { buildRows } from '../acceptance/builds.ts';
import { identityRows } from '../acceptance/identity.ts';
import { lifecycleRows } from '../acceptance/lifecycle.ts';
import { sharingRows } from '../acceptance/sharing.ts';
import { builtImageDir } from '../support/built-image.ts';
import { containerdStoreRoot } from '../support/containerd-store-root.ts';
import { createDocker, type Docker } from '../support/docker.ts';

/** Everything here runs on the other of Docker 28's two storage back ends. */
let docker: Docker;
let engine: NativeEngine;
const clean: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  const dir = await mkdtemp(join(tmpdir(), 'bulkhead-store-'));
  clean.unshift(() => rm(dir, { recursive: true, force: true }));
  const made = await containerdStoreRoot(join(await builtImageDir(), 'root.erofs'));
  clean.unshift(() => Promise.resolve(made[Symbol.asyncDispose]()));
  engine = await startNativeEngine({
    name: `store-${process.pid}`,
    root: made.root,
    dataDir: join(dir, 'data'),
    hostDir: join(dir, 'host'),
    signal: AbortSignal.timeout(60_000),
  });
  clean.unshift(() => engine.stop());
  docker = createDocker(engine.dockerHost);
});
afterAll(async () => {
  for (const step of clean) await step();
});

test('the engine keeps its images with containerd', async () => {
  expect(await docker.ok(['info', '-f', '{{.Driver}} {{.DriverStatus}}'])).toContain(
    'io.containerd.snapshotter.v1',
  );
});

identityRows(() => docker);
lifecycleRows(() => docker);
sharingRows(() => docker);
buildRows(() => docker, 'containerd');
