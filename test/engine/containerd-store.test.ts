import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildRows } from '../acceptance/builds.ts';
import { hostileRows } from '../acceptance/hostile.ts';
import { identityRows } from '../acceptance/identity.ts';
import { kernelProgramRows } from '../acceptance/kernel-programs.ts';
import { kernelRows } from '../acceptance/kernel.ts';
import { lifecycleRows } from '../acceptance/lifecycle.ts';
import { mountRows } from '../acceptance/mounts.ts';
import { runtimeCveRows } from '../acceptance/runtime-cves.ts';
import { settingFileImageRows } from '../acceptance/setting-file-images.ts';
import { settingFileRows } from '../acceptance/setting-files.ts';
import { hostNamespaceRows, sharingRows } from '../acceptance/sharing.ts';
import { storageRows } from '../acceptance/storage.ts';
import { volumeRows } from '../acceptance/volumes.ts';
import { linkAttacks } from '../security/link-attacks.ts';
import { builtImageDir } from '../support/built-image.ts';
import { containerdStoreRoot } from '../support/containerd-store-root.ts';
import { createDocker, type Docker, probe, unique } from '../support/docker.ts';
import { hostSentinels } from '../support/host-sentinels.ts';
import { eventually } from '../support/eventually.ts';
import { type OwnEngine, startOwnEngine } from '../support/own-engine.ts';

/** Everything here runs on the other of Docker 28's two storage back ends. */
let docker: Docker;
let engine: OwnEngine;
const clean: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  const made = await containerdStoreRoot(join(await builtImageDir(), 'root.erofs'));
  clean.unshift(() => Promise.resolve(made[Symbol.asyncDispose]()));
  engine = await startOwnEngine('store', { root: made.root });
  clean.unshift(async () => engine[Symbol.asyncDispose]());
  docker = createDocker(engine.dockerHost);
});
afterAll(async () => {
  for (const step of clean) await step();
});

const sentinels = (): Promise<unknown> => hostSentinels(engine.internals);

test('the engine keeps its images with containerd', async () => {
  expect(await docker.ok(['info', '-f', '{{.Driver}} {{.DriverStatus}}'])).toContain(
    'io.containerd.snapshotter.v1',
  );
});

identityRows(() => docker);
lifecycleRows(() => docker);
sharingRows(() => docker);
hostNamespaceRows(() => docker);
mountRows(() => docker);
volumeRows(() => docker);
buildRows(() => docker);
storageRows(() => docker);
linkAttacks(() => docker);
kernelRows(() => docker, sentinels);
settingFileRows(() => docker, sentinels);
settingFileImageRows(() => docker, sentinels);
kernelProgramRows(() => docker, sentinels);
runtimeCveRows(() => docker, sentinels);
hostileRows(() => docker, { sentinels, rounds: 3 });

test('what is removed leaves no snapshot and no mount behind', async () => {
  const snapshots = '/var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots';
  const kept = async (): Promise<string[]> => readdir(engine.internals.path(snapshots));
  await docker.ok(['system', 'prune', '-f']);
  const before = { snapshots: new Set(await kept()), ...(await engine.internals.traces()) };
  const [name, image] = [unique('removed'), unique('removed')];
  await docker.ok(['run', '--name', name, probe, 'sh', '-c', 'echo one > /one']);
  await docker.ok(['commit', name, image]);
  await docker.ok(['run', '--rm', image, 'cat', '/one']);
  const added = async () => (await kept()).filter((snapshot) => !before.snapshots.has(snapshot));
  expect(await added()).not.toEqual([]);
  await docker.ok(['rm', name]);
  await docker.ok(['rmi', image]);
  // What earlier tests left may go as well meanwhile.
  await eventually(async () => {
    const { mounts, leases } = await engine.internals.traces();
    expect(await added()).toEqual([]);
    expect(mounts).toBeLessThanOrEqual(before.mounts);
    expect(leases).toBeLessThanOrEqual(before.leases);
  }, 20_000);
});
