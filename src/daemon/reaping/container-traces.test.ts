import { renameSync, statSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { buildRuntimeRoot, type ContainerTraces, dockerRuntimeRoot } from './abandoned.js';
import {
  bundleDirectory,
  cgroupsAt,
  isAlive,
  isStill,
  processesIn,
  readTraces,
  streamsDirectory,
} from './container-traces.js';
import { FakeMachine, idOf } from './machine.test-support.js';

let machine: FakeMachine;
beforeEach(() => {
  machine = new FakeMachine();
});
afterEach(() => {
  machine.remove();
});

const a = idOf('a');
const only = async (): Promise<ContainerTraces | undefined> => {
  const found = await readTraces(machine.sources);
  expect(found).toHaveLength(1);
  return found[0];
};
const idsFound = async (): Promise<string[]> =>
  (await readTraces(machine.sources)).map(({ containerId }) => containerId);

test('nothing of a container is nothing', async () => {
  expect(await readTraces(machine.sources)).toEqual([]);
});

test.each([
  ['state', `${dockerRuntimeRoot}/${a}`],
  ['bundle', `${bundleDirectory}/${a}`],
  ['streams', `${streamsDirectory}/${a}`],
  ['cgroup', `/sys/fs/cgroup/memory/docker/${a}`],
  ['cgroup', `/sys/fs/cgroup/cpu/docker/${a}`],
] as const)('a container is found by its %s alone, with the inode', async (kind, path) => {
  machine.directory(path);
  expect(await only()).toEqual({
    runtimeRoot: dockerRuntimeRoot,
    containerId: a,
    shims: [],
    creators: [],
    creatorLives: false,
    busy: false,
    left: [{ kind, inode: statSync(machine.at(path)).ino }],
  });
});

test('a container is found by its shim alone', async () => {
  machine.shim(40, a);
  expect(await only()).toMatchObject({ containerId: a, shims: [{ pid: 40, startTime: '500' }], left: [] });
});

test('a container is found by its ids alone, and its creator lives while the same process does', async () => {
  machine.lease(a, 41);
  expect(await only()).toMatchObject({ creators: [{ pid: 41, startTime: '500' }], creatorLives: false });
  machine.process(41, { exe: '/usr/lib/bulkhead/runc' });
  expect(await only()).toMatchObject({ creatorLives: true });
  machine.end(41);
  machine.process(41, { exe: '/usr/lib/bulkhead/runc', startTime: '501' });
  expect(await only()).toMatchObject({ creatorLives: false });
});

test('names that are no ids of Docker are nobody', async () => {
  for (const name of ['buildkit', 'buildx', 'a', `${a}0`, 'A'.repeat(64)]) {
    machine.directory(`/sys/fs/cgroup/memory/docker/${name}`);
    machine.directory(`${bundleDirectory}/${name}`);
  }
  expect(await readTraces(machine.sources)).toEqual([]);
});

test('a build step is found by its ids, with its record and no shim', async () => {
  const step = 'k3v0b9';
  machine.lease(step, 42, 'build');
  machine.directory(`${buildRuntimeRoot}/${step}`);
  expect(await only()).toMatchObject({
    runtimeRoot: buildRuntimeRoot,
    containerId: step,
    shims: [],
    left: [{ kind: 'state' }],
  });
});

test('a runtime program at work on a container makes it busy, its creator does not', async () => {
  machine.lease(a, 41);
  machine.process(41, { exe: '/usr/lib/bulkhead/runc', words: ['runc', 'create', a] });
  expect(await only()).toMatchObject({ busy: false });
  machine.process(43, { exe: '/usr/sbin/runc', words: ['runc', 'delete', '--force', a] });
  expect(await only()).toMatchObject({ busy: true });
});

test.each(['start', 'delete'])('containerd-shim %s is containerd at work, and no shim', async (command) => {
  machine.directory(`${bundleDirectory}/${a}`);
  machine.shim(44, a, command);
  expect(await only()).toMatchObject({ shims: [], busy: true });
});

test('what a container calls itself counts for nothing', async () => {
  const shim = '/usr/bin/containerd-shim-runc-v2';
  const words = [shim, '-namespace', 'moby', '-id', a];
  machine.process(45, { exe: shim, words, foreign: true });
  machine.process(46, { exe: '/bin/sleep', words });
  machine.process(47, { exe: '/usr/sbin/runc', words: ['runc', 'delete', a], foreign: true });
  machine.process(48, { exe: shim, words: [shim, '-namespace', 'other', '-id', a] });
  expect(await readTraces(machine.sources)).toEqual([]);
  machine.directory(`${bundleDirectory}/${a}`);
  expect(await only()).toMatchObject({ shims: [], busy: false });
});

test('a process that ends while it is looked at hides no other', async () => {
  machine.directory('/proc/49');
  machine.shim(50, a);
  expect(await idsFound()).toEqual([a]);
});

test('processes are those of all cgroups of the container and of what is below, without init and those unseen', () => {
  const [memory, cpu] = cgroupsAt(a, machine.sources).filter((path) => path.endsWith(`docker/${a}`));
  expect([memory, cpu]).toEqual([
    machine.at(`/sys/fs/cgroup/memory/docker/${a}`),
    machine.at(`/sys/fs/cgroup/cpu/docker/${a}`),
  ]);
  machine.file(`/sys/fs/cgroup/memory/docker/${a}/cgroup.procs`, '60\n61\n');
  machine.file(`/sys/fs/cgroup/memory/docker/${a}/inner/deep/cgroup.procs`, '62\n0\n1\n');
  machine.file(`/sys/fs/cgroup/memory/docker/${a}/inner/cgroup.procs`, '');
  machine.file(`/sys/fs/cgroup/cpu/docker/${a}/cgroup.procs`, '61\n63\n');
  machine.file(`/sys/fs/cgroup/cpu/docker/buildkit/${a}/cgroup.procs`, '64\n');
  machine.file(`/sys/fs/cgroup/memory/docker/${idOf('b')}/cgroup.procs`, '65\n');
  expect(processesIn(a, machine.sources).toSorted((one, other) => one - other)).toEqual([60, 61, 62, 63, 64]);
});

test('a process is alive as long as its pid has not become another', () => {
  machine.process(70, { exe: '/bin/true', startTime: '900' });
  expect(isAlive({ pid: 70, startTime: '900' }, machine.sources)).toBe(true);
  expect(isAlive({ pid: 70, startTime: '901' }, machine.sources)).toBe(false);
  expect(isAlive({ pid: 71, startTime: '900' }, machine.sources)).toBe(false);
});

test('what was found is told from what another start of the container has made since', async () => {
  const path = `${bundleDirectory}/${a}`;
  machine.directory(path);
  const found = await only();
  if (found === undefined) throw new Error('found');
  expect(isStill(found, 'bundle', machine.at(path))).toBe(true);
  expect(isStill(found, 'state', machine.at(path))).toBe(false);
  // Not removed, or the next directory might get its inode.
  renameSync(machine.at(path), machine.at('/earlier'));
  expect(isStill(found, 'bundle', machine.at(path))).toBe(false);
  machine.directory(path);
  expect(isStill(found, 'bundle', machine.at(path))).toBe(false);
});
