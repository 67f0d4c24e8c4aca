import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildRows } from '../acceptance/builds.ts';
import { identityRows } from '../acceptance/identity.ts';
import { lifecycleRows } from '../acceptance/lifecycle.ts';
import { sharingRows } from '../acceptance/sharing.ts';
import { builtImageDir } from '../support/built-image.ts';
import { containerdStoreRoot } from '../support/containerd-store-root.ts';
import { createDocker, type Docker } from '../support/docker.ts';
import { startOwnEngine } from '../support/own-engine.ts';

/** Everything here runs on the other of Docker 28's two storage back ends. */
let docker: Docker;
const clean: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  const made = await containerdStoreRoot(join(await builtImageDir(), 'root.erofs'));
  clean.unshift(() => Promise.resolve(made[Symbol.asyncDispose]()));
  const engine = await startOwnEngine('store', made.root);
  clean.unshift(async () => engine[Symbol.asyncDispose]());
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
buildRows(() => docker);
