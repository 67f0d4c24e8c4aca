import { readFile } from 'node:fs/promises';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { createDocker, type Docker, probe } from '../support/docker.ts';
import type { EngineInternals } from '../support/engine-internals.ts';
import { eventually } from '../support/eventually.ts';
import { type OwnEngine, startOwnEngine } from '../support/own-engine.ts';

/**
 * dockerd and containerd work by name as root of the VM, and a container may put a link in the way of some of it. Which of their many ways
 * of making a file is deceived, and when, does not matter here: a program makes directories in their place, with their mounts.
 */
const storage = ['/var/lib/containerd', '/var/lib/docker'];
const own = {
  containerd: ['/run/containerd', '/run/docker', ...storage],
  dockerd: ['/run/docker', '/run/runc', ...storage],
} as const;
/** In the last two nothing can be made by name but cgroups. */
const kernelFiles = ['/dev', '/proc', '/sys'];
/** All other directories that PID 1 can write. */
const outside = [
  '/run',
  '/tmp',
  '/var/log',
  '/dev/shm',
  '/run/bulkhead',
  ...['engine', 'etc', 'host', 'ids', 'rootfs', 'stage'].map((name) => `/run/bulkhead/${name}`),
];

let engine: OwnEngine | undefined;
let internals: EngineInternals;
let docker: Docker;
beforeAll(async () => {
  engine = await startOwnEngine('view');
  ({ internals } = engine);
  docker = createDocker(engine.dockerHost);
  await docker.ok(['run', '-d', '--name', 'kept', probe, 'sleep', '600']);
});
afterAll(async () => engine?.[Symbol.asyncDispose]());

interface Mount {
  readonly point: string;
  readonly writable: boolean;
  /** Those of one peer group show what is mounted in any of them. */
  readonly peers: string | undefined;
}

/** By mount point, because a copy of a namespace has them in another order. proc_pid_mountinfo(5): the fifth field is the mount point, the sixth has the flags of this mount, then come tags. */
async function mountsOf(pid: number): Promise<Mount[]> {
  const lines = (await readFile(`/proc/${pid}/mountinfo`, 'utf8')).trim().split('\n');
  const mounts = lines.map((line) => {
    const [, , , , point = '', flags = '', ...tags] = line.split(' ');
    const peers = tags.slice(0, tags.indexOf('-')).find((tag) => tag.startsWith('shared:'));
    return { point, writable: flags.split(',').includes('rw'), peers };
  });
  return mounts.toSorted((one, other) => (one.point < other.point ? -1 : 1));
}

/** What becomes of a directory made in each of `directories` with the mounts of process `pid`: `made` or the error's name. */
async function makeIn(pid: number, directories: readonly string[]): Promise<readonly string[]> {
  const script = `const { mkdirSync, rmdirSync } = require('node:fs');
    console.log(JSON.stringify(process.argv.slice(1).map((directory) => {
      try { mkdirSync(directory + '/held'); rmdirSync(directory + '/held'); return 'made'; }
      catch (error) { return error.code; }
    })));`;
  const enter = ['--target', String(pid), '--mount', '/usr/bin/node', '-e', script, '--'];
  const { stdout } = await execa('nsenter', [...enter, ...directories]);
  return z.array(z.string()).parse(JSON.parse(stdout));
}

describe.each(['dockerd', 'containerd'] as const)('%s', (service) => {
  const pid = async (): Promise<number> => {
    const found = await internals.pidOf(service);
    if (found === undefined) throw new Error(`no ${service} runs`);
    return found;
  };

  test('can write its storage and its sockets, and no other directory of the engine', async () => {
    const refused = outside.map(() => 'EROFS');
    const made = own[service].map(() => 'made');
    /* The same program in the view of PID 1: none of these directories is missing or read-only by itself. */
    expect(await makeIn(internals.init, outside)).toEqual(outside.map(() => 'made'));
    expect(await makeIn(await pid(), [...outside, ...own[service]])).toEqual([...refused, ...made]);
  });

  test('has exactly the writable mounts it needs, and shares all with PID 1', async () => {
    const mounts = await mountsOf(await pid());
    const within = (path: string): string =>
      [...own[service], ...kernelFiles].find((top) => path === top || path.startsWith(`${top}/`)) ?? path;
    const writable = new Set(mounts.filter((mount) => mount.writable).map(({ point }) => within(point)));
    expect([...writable].toSorted()).toEqual([...own[service], ...kernelFiles].toSorted());
    const places = (list: readonly Mount[]): unknown => list.map(({ point, peers }) => [point, peers]);
    expect(mounts.filter(({ peers }) => peers === undefined)).toEqual([]);
    expect(places(mounts)).toEqual(places(await mountsOf(internals.init)));
  });

  test('finds all of that again after it was killed, and the container that went on', async () => {
    const mounts = await mountsOf(await pid());
    const after = await internals.replace(service);
    await eventually(async () => {
      expect(await docker.ok(['exec', 'kept', 'cat', '/sys/class/net/eth0/operstate'])).toBe('up');
    }, 30_000);
    expect(await mountsOf(after)).toEqual(mounts);
    await docker.ok(['run', '--rm', '-v', 'filled:/v', probe, 'touch', '/v/f']);
  });
});
