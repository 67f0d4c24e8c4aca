import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDocker, type Docker, type Outcome, probe, unique } from '../support/docker.ts';
import { hostSentinels } from '../support/host-sentinels.ts';
import { type OwnEngine, startOwnEngine } from '../support/own-engine.ts';

/**
 * Row D14: containers with a shared directory plant symbolic links in it, before and after the engine is asked to bind, copy and make
 * things there by name. Nothing outside the share is ever read, made or changed.
 */
let dir: string;
let share: string;
let outside: string;
let engine: OwnEngine;
let docker: Docker;
let before: unknown;
const containers: string[] = [];
const volumes: string[] = [];
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'bulkhead-hostile-shares-'));
  [share = '', outside = ''] = ['share', 'outside'].map((name) => join(dir, name));
  await mkdir(share);
  mkdirSync(join(outside, 'b'), { recursive: true });
  writeFileSync(join(outside, 'secret'), 'of the host');
  writeFileSync(join(outside, 'b/secret'), 'of the host');
  engine = await startOwnEngine('hostile-shares', {
    shares: [{ path: share, readOnly: false }],
  });
  docker = createDocker(engine.dockerHost);
  before = await sentinels();
});
afterAll(async () => {
  await docker.run(['rm', '-f', ...containers]);
  await docker.run(['volume', 'rm', '-f', ...volumes]);
  await engine[Symbol.asyncDispose]();
  await rm(dir, { recursive: true, force: true });
});
const sentinels = async (): Promise<unknown> => ({
  engine: await hostSentinels(engine.internals),
  outside: readdirSync(outside, { recursive: true, encoding: 'utf8' }).sort(),
  beside: readdirSync(dir).sort(),
});
/** A container that lives on, with a script that says `ready` when it has begun. */
const background = async (flags: readonly string[], script: string): Promise<string> => {
  const name = unique('hostile');
  containers.push(name);
  await docker.ok(['run', '-d', '--name', name, ...flags, probe, 'sh', '-c', script]);
  await expect.poll(async () => docker.ok(['logs', name]), { timeout: 20_000 }).toContain('ready');
  return name;
};
/** Binds a source in each way and looks at it. */
const ways = async (source: string, script: string): Promise<Outcome[]> => {
  const seen: Outcome[] = [];
  for (const flags of [
    ['-v', `${source}:/x`],
    ['--mount', `type=bind,src=${source},dst=/x`],
  ])
    seen.push(await docker.run(['run', '--rm', ...flags, probe, 'sh', '-c', script]));
  return seen;
};

test('D14: links a container has planted are not followed as sources, and nothing is made through them', async () => {
  const targets = [
    '/etc',
    '/',
    '/proc/1/root',
    '/proc/self/root/run',
    '/var/lib/docker',
    '..',
    '../outside',
    outside,
  ];
  const plant = targets.map((target, index) => `ln -s ${target} /s/link${index}`).join('; ');
  await docker.ok(['run', '--rm', '-v', `${share}:/s`, probe, 'sh', '-c', plant]);
  for (const [index] of targets.entries()) {
    const link = join(share, `link${index}`);
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    for (const source of [link, `${link}/new`, `${link}/../link${index}/secret`])
      for (const { status, stdout, stderr } of await ways(source, 'ls /x')) {
        expect(status).not.toBe(0);
        expect(stdout).toBe('');
        expect(stderr).toContain(`can't mount ${source}, because a symbolic link lies on the way`);
      }
    const options = ['type=none', 'o=bind', `device=${link}`].flatMap((option) => ['--opt', option]);
    const volume = await docker.run(['volume', 'create', ...options, unique('hostile')]);
    expect(volume.stderr).toContain('a symbolic link lies on the way');
  }
  expect(await sentinels()).toEqual(before);
});

test('D14: a link planted after a container was made leads its start nowhere', async () => {
  mkdirSync(join(share, 'late/b'), { recursive: true });
  const made: string[] = [];
  for (const flags of [
    ['-v', `${share}/late/b:/x`],
    ['--mount', `type=bind,src=${share}/late/b,dst=/x`],
  ]) {
    const name = unique('hostile');
    containers.push(name);
    made.push(name);
    await docker.ok(['create', '--name', name, ...flags, probe, 'cat', '/x/secret']);
  }
  const volume = unique('hostile');
  volumes.push(volume);
  const options = ['type=none', 'o=bind', `device=${share}/late/b`].flatMap((option) => ['--opt', option]);
  await docker.ok(['volume', 'create', ...options, volume]);
  const plant = `mv /s/late /s/was; ln -s ${outside} /s/late`;
  await docker.ok(['run', '--rm', '-v', `${share}:/s`, probe, 'sh', '-c', plant]);
  for (const name of made) {
    const { status, stdout } = await docker.run(['start', '-a', name]);
    expect(status).not.toBe(0);
    expect(stdout).toBe('');
    // dockerd copies through the source of a bind by name, of a container that does not run.
    const copied = await docker.run(['cp', `${name}:/x/secret`, '-']);
    expect(copied.stdout).not.toContain('of the host');
  }
  const seen = await docker.run(['run', '--rm', '-v', `${volume}:/x`, probe, 'cat', '/x/secret']);
  expect([seen.status === 0, seen.stdout]).toEqual([false, '']);
  expect(await sentinels()).toEqual(before);
});

test('D14: a directory moved away above a bind lets nobody climb out of it', async () => {
  mkdirSync(join(share, 'parent/bound/sub'), { recursive: true });
  writeFileSync(join(share, 'parent/neighbour'), 'not shared with this one');
  const climber = await background(
    ['-v', `${share}/parent/bound:/x`],
    'cd /x/sub; echo ready; while [ -e /x/sub ]; do usleep 10000; done; ls ..; ls ../..; cat ../neighbour ../../parent/neighbour; echo done',
  );
  await docker.ok(['run', '--rm', '-v', `${share}:/s`, probe, 'mv', '/s/parent/bound/sub', '/s/parent/sub']);
  expect(existsSync(join(share, 'parent/sub'))).toBe(true);
  await expect.poll(async () => docker.ok(['logs', climber]), { timeout: 20_000 }).toContain('done');
  const { stdout, stderr } = await docker.run(['logs', climber]);
  expect(stdout).toBe('ready\ndone');
  expect(stderr.match(/No such file or directory/g)).toHaveLength(4);
  // The directory a container has bound, moved by another one within the share: it still sees that directory alone.
  const moved = await docker.run([
    'run',
    '--rm',
    '-v',
    `${share}/parent/sub:/x`,
    probe,
    'ls',
    '/x/..',
    '/x/../..',
  ]);
  expect(moved.stdout).not.toContain('neighbour');
  expect(await sentinels()).toEqual(before);
});

test('D14: a directory exchanged for a link all the time is bound as itself, or not at all', async () => {
  mkdirSync(join(share, 'swap/b'), { recursive: true });
  writeFileSync(join(share, 'swap/b/secret'), 'of the share');
  const exchange = 'mv swap was; mv away swap; mv swap away; mv was swap';
  const swapper = await background(
    ['-v', `${share}:/s`],
    `cd /s; ln -s ${outside} away; echo ready; while :; do ${exchange}; done`,
  );
  // Not by `run --rm`: of a source that is gone between create and start, dockerd says so and does not remove the container, for which
  // the client then waits (28.5, plain Docker as well).
  for (let round = 0; round < 8; round += 1)
    for (const flags of [
      ['-v', `${share}/swap/b:/x`],
      ['--mount', `type=bind,src=${share}/swap/b,dst=/x`],
    ]) {
      const name = unique('hostile');
      containers.push(name);
      const script = 'cat /x/secret; ls /x';
      const made = await docker.run(['create', '--name', name, ...flags, probe, 'sh', '-c', script]);
      const { status, stdout } = made.status === 0 ? await docker.run(['start', '-a', name]) : made;
      expect(stdout).toMatch(status === 0 ? /^(of the share\n?secret)?$/ : /^$/);
    }
  await docker.ok(['rm', '-f', swapper]);
  expect(await sentinels()).toEqual(before);
}, 120_000);

test('D14: links inside work for containers, within their own root', async () => {
  const script =
    'mkdir /s/in; echo kept > /s/in/file; ln -s in /s/inner; cat /s/inner/file; cat /s/link7/secret';
  const { stdout, stderr } = await docker.run([
    'run',
    '--rm',
    '-v',
    `${share}:/s`,
    probe,
    'sh',
    '-c',
    script,
  ]);
  expect(stdout).toBe('kept');
  expect(stderr).toContain("can't open '/s/link7/secret'");
});

test("D12: without its option the host's ssh agent is refused, with the option's name", async () => {
  const flags = ['--rm', '-v', '/run/host-services/ssh-auth.sock:/s'];
  const { status, stderr } = await docker.run(['run', ...flags, probe, 'true']);
  expect(status).not.toBe(0);
  expect(stderr).toContain('Setting: bulkhead.sshAgent, --ssh-agent.');
});

test('a share that its owner takes away ends nothing but itself', async () => {
  await rm(share, { recursive: true });
  const [gone, other] = await Promise.all([
    docker.run(['run', '--rm', '-v', `${share}/race:/x`, probe, 'true']),
    docker.run(['run', '--rm', probe, 'echo', 'runs']),
  ]);
  expect(gone.status).not.toBe(0);
  expect(gone.stderr).toContain('no such file or directory');
  expect(other.stdout).toBe('runs');
  expect(readFileSync(join(outside, 'secret'), 'utf8')).toBe('of the host');
});
