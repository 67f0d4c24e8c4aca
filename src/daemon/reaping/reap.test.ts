import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { buildRuntimeRoot, type ContainerTraces, dockerRuntimeRoot } from './abandoned.js';
import { bundleDirectory, readTraces, streamsDirectory } from './container-traces.js';
import { FakeMachine, idOf } from './machine.test-support.js';
import { createReapEffects } from './reap.js';

const a = idOf('a');
const cgroup = `/sys/fs/cgroup/memory/docker/${a}`;
const bundle = `${bundleDirectory}/${a}`;
const state = `${dockerRuntimeRoot}/${a}`;
const streams = `${streamsDirectory}/${a}`;
const work = `/var/lib/containerd/io.containerd.runtime.v2.task/moby/${a}`;

let machine: FakeMachine;
beforeEach(() => {
  machine = new FakeMachine();
});
afterEach(() => {
  machine.remove();
});

/** @param outlive pids that do not die; @param onSleep what happens meanwhile. */
function fixture({
  outlive = [] as number[],
  onSleep = () => {},
  runcFails = false,
  unmountStep = (_step: string) => {},
} = {}) {
  const signalled: number[] = [];
  const deleted: string[] = [];
  let inside: number[] = [];
  let slept = 0;
  /** The processes of the container; without any the kernel lists none, and would remove the cgroup. */
  const fill = (...pids: number[]): void => {
    inside = pids;
    machine.file(`${cgroup}/cgroup.procs`, pids.join('\n'));
  };
  const effects = createReapEffects(
    machine.sources,
    {
      now: () => slept,
      sleep: (ms) => {
        slept += ms;
        onSleep();
        return Promise.resolve();
      },
    },
    {
      kill: (pid) => {
        if (!inside.includes(pid) && !machine.exists(`/proc/${pid}`)) return false;
        signalled.push(pid);
        if (outlive.includes(pid)) return true;
        machine.end(pid);
        if (inside.includes(pid)) fill(...inside.filter((other) => other !== pid));
        return true;
      },
      unmountStep,
      runcDelete: (runtimeRoot, containerId) => {
        deleted.push(`${runtimeRoot} ${containerId}`);
        return runcFails ? Promise.reject(new Error('no such record')) : Promise.resolve();
      },
    },
  );
  return { effects, signalled, deleted, fill, slept: () => slept };
}

async function found(): Promise<ContainerTraces> {
  const [traces, ...others] = await readTraces(machine.sources);
  if (traces === undefined || others.length > 0) throw new Error('one container');
  return traces;
}

test('kills the shim and every process of the container, and counts them', async () => {
  const { effects, signalled, fill } = fixture();
  machine.shim(40, a);
  fill(60, 61);
  expect(await effects.kill(await found())).toBe(3);
  expect(signalled).toEqual([40, 60, 61]);
});

test('a pid that has become another process since is not killed', async () => {
  const { effects, signalled } = fixture();
  machine.shim(40, a);
  machine.lease(a, 41);
  const traces = await found();
  machine.end(40);
  for (const pid of [40, 41]) machine.process(pid, { exe: '/usr/sbin/dockerd', startTime: '501' });
  expect(await effects.kill(traces)).toBe(0);
  expect(signalled).toEqual([]);
});

test('a process that appears while others die is killed as well', async () => {
  let more = [62];
  const { effects, signalled, fill } = fixture({
    onSleep: () => {
      if (more.length > 0) fill(...more);
      more = [];
    },
  });
  fill(60);
  await effects.kill(await found());
  expect(signalled).toEqual([60, 62]);
});

test('processes that outlive SIGKILL are an error, after five seconds', async () => {
  const { effects, fill, slept } = fixture({ outlive: [60] });
  fill(60);
  await expect(effects.kill(await found())).rejects.toThrow('outlived SIGKILL');
  expect(slept()).toBe(5000);
});

test('who made a build step is given time to clean up, then killed', async () => {
  let patient = 3;
  const { effects, signalled, slept } = fixture({
    onSleep: () => {
      patient -= 1;
      if (patient === 0) machine.end(42);
    },
  });
  machine.lease('step', 42, 'build');
  machine.process(42, { exe: '/usr/lib/bulkhead/runc' });
  expect(await effects.kill(await found())).toBe(0);
  expect([signalled, slept()]).toEqual([[], 300]);

  machine.process(42, { exe: '/usr/lib/bulkhead/runc' });
  expect(await effects.kill(await found())).toBe(1);
  expect(signalled).toEqual([42]);
});

/** Everything a container of Docker's leaves, but for processes. */
function leaveAll(): void {
  machine.file(`${state}/state.json`);
  machine.file(`${bundle}/config.json`);
  machine.directory(`${bundle}/rootfs`);
  machine.file(`${streams}/init-stdout`);
  machine.file(`${work}/runtime`);
  machine.directory(`${cgroup}/inner`);
}

test('removes what is left of a container that the engine does not know', async () => {
  const { effects, deleted } = fixture();
  leaveAll();
  await effects.cleanUp(await found(), 'unknown');
  expect(deleted).toEqual([`${dockerRuntimeRoot} ${a}`]);
  expect([state, bundle, streams, work, cgroup].filter((path) => machine.exists(path))).toEqual([]);
  expect(await readTraces(machine.sources)).toEqual([]);
});

test('of a container that the engine knows the pipes stay', async () => {
  const { effects } = fixture();
  leaveAll();
  await effects.cleanUp(await found(), 'not running');
  expect([state, bundle, streams, work, cgroup].filter((path) => machine.exists(path))).toEqual([streams]);
});

test('containerd has five seconds to clean up itself, and what it did is not done again', async () => {
  const { effects, slept } = fixture({
    onSleep: () => {
      if (slept() < 700) return;
      if (machine.exists(bundle)) renameSync(machine.at(bundle), machine.at('/removed'));
    },
  });
  leaveAll();
  await effects.cleanUp(await found(), 'unknown');
  expect(slept()).toBe(700);
  expect(machine.exists(work)).toBe(true);
});

test('nothing is touched that another start of the container has made since', async () => {
  const { effects, deleted } = fixture();
  leaveAll();
  const traces = await found();
  // Not removed, or the next ones might get their inodes.
  for (const [index, path] of [state, bundle].entries())
    renameSync(machine.at(path), machine.at(`/earlier-${index}`));
  leaveAll();
  await effects.cleanUp(traces, 'not running');
  expect(deleted).toEqual([]);
  expect(machine.exists(`${state}/state.json`)).toBe(true);
  expect(machine.exists(`${bundle}/config.json`)).toBe(true);
});

test('a root that is still mounted in the bundle is somebody’s data, and stays', async () => {
  const { effects } = fixture();
  leaveAll();
  machine.file(`${bundle}/rootfs/etc/passwd`);
  await expect(effects.cleanUp(await found(), 'unknown')).rejects.toThrow('ENOTEMPTY');
  expect(machine.exists(`${bundle}/rootfs/etc/passwd`)).toBe(true);
});

test('a record that runc cannot read is removed, unless a process of the container is there', async () => {
  const { effects, fill } = fixture({ runcFails: true });
  machine.file(`${state}/state.json`);
  fill(60);
  await expect(effects.cleanUp(await found(), 'unknown')).rejects.toThrow('no such record');
  expect(machine.exists(state)).toBe(true);
  fill();
  await effects.cleanUp(await found(), 'unknown').catch(() => undefined);
  expect(machine.exists(state)).toBe(false);
});

test('cgroups of a container that holds ids are left to those who take the ids back', async () => {
  const { effects } = fixture();
  machine.directory(cgroup);
  machine.lease(a, 41);
  await effects.cleanUp(await found(), 'unknown');
  expect(machine.exists(cgroup)).toBe(true);
});

test('a cgroup that is in use is an error that names it', async () => {
  const { effects, fill } = fixture();
  fill(60);
  await expect(effects.cleanUp(await found(), 'unknown')).rejects.toThrow(
    `still in use: ${machine.at(cgroup)}`,
  );
});

test('a build step has a record, and nothing of containerd', async () => {
  const { effects, deleted } = fixture();
  machine.lease('step', 42, 'build');
  machine.file(`${buildRuntimeRoot}/step/state.json`);
  await effects.cleanUp(await found(), 'build');
  expect(deleted).toEqual([`${buildRuntimeRoot} step`]);
  expect(machine.exists(`${buildRuntimeRoot}/step`)).toBe(false);
});

test.runIf(process.getuid?.() === 0)(
  'the root of a build step is unmounted by PID 1, then removed',
  async () => {
    const directory = `/var/lib/docker/buildkit/executor/step`;
    const point = machine.at(`${directory}/rootfs`);
    machine.file(`${directory}/config.json`);
    machine.directory(`${directory}/rootfs`);
    machine.lease('step', 42, 'build');
    execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', point]);
    mkdirSync(join(point, 'of-the-image'));
    const asked: string[] = [];
    let kept = false;
    const { effects, slept } = fixture({
      unmountStep: (step) => asked.push(step),
      onSleep: () => {
        if (slept() < 300) return;
        kept = existsSync(join(point, 'of-the-image'));
        execFileSync('umount', [point]);
      },
    });
    try {
      await effects.cleanUp(await found(), 'build');
    } finally {
      spawnSync('umount', [point], { stdio: 'ignore' });
    }
    expect([asked, kept, slept()]).toEqual([['step'], true, 300]);
    expect(machine.exists(directory)).toBe(false);
  },
);

test('nobody is asked to unmount the root of a build step that is not mounted', async () => {
  const asked: string[] = [];
  const { effects } = fixture({ unmountStep: (step) => asked.push(step) });
  machine.directory('/var/lib/docker/buildkit/executor/step/rootfs');
  machine.directory('/var/lib/docker/buildkit/executor/other/rootfs');
  machine.lease('step', 42, 'build');
  await effects.cleanUp(await found(), 'build');
  expect(asked).toEqual([]);
  expect(machine.exists('/var/lib/docker/buildkit/executor/step')).toBe(false);
  expect(machine.exists('/var/lib/docker/buildkit/executor/other/rootfs')).toBe(true);
});

test('sockets that nobody listens on are removed, others stay', () => {
  const { effects } = fixture();
  const sockets = ['/run/containerd/s/dead', '/run/containerd/s/live', '/run/docker/libnetwork/dead.sock'];
  for (const socket of sockets) machine.file(socket);
  machine.file('/run/docker/other.sock');
  machine.file(
    '/proc/net/unix',
    'Num RefCount Path\n0: 2 0 10000 1 1 7 /run/containerd/s/live\n0: 2 0 0 1 3 8\n',
  );
  effects.removeDeadSockets();
  expect([...sockets, '/run/docker/other.sock'].filter((path) => machine.exists(path))).toEqual([
    '/run/containerd/s/live',
    '/run/docker/other.sock',
  ]);
});
