import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Docker, probe } from '../support/docker.ts';
import { eventually } from '../support/eventually.ts';
import { disjoint, type IdMap, parseIdMap } from '../support/id-map.ts';
import { type OwnEngine, startOwnEngine } from '../support/own-engine.ts';

/**
 * `--restart` when the engine itself goes: dockerd starts such containers without any request, so nothing but the front door stands
 * between them and the machine. Which of them come back is Docker's to decide, and must not change.
 */
let dir: string;
let engine: OwnEngine | undefined;
let docker: Docker;

/** One line of `runs` for each start; SIGTERM ends it at once, with the status it was given. */
const script = 'echo run >> /data/runs; trap "exit $1" TERM; sleep 3600 & wait';

/** Containers by name, and whether both the engine after `kill -9` of dockerd and the engine after an orderly stop start them. */
const containers = [
  { name: 'always', policy: 'always', returns: true },
  { name: 'unless-stopped', policy: 'unless-stopped', returns: true },
  { name: 'failing', policy: 'on-failure', returns: true },
  { name: 'never', policy: 'no', returns: false },
  { name: 'always-stopped', policy: 'always', stopped: true, returns: true },
  { name: 'stopped', policy: 'unless-stopped', stopped: true, returns: false },
];
/** Ends well when the engine stops; in the first test nobody ends it. */
const succeeding = { name: 'succeeding', policy: 'on-failure', status: 0 };

/** Last words of a container's command line, by which the host knows its first process. */
const mark = (name: string, status: number): string => `restart-${process.pid}-${name} ${status}`;

async function startEngine(): Promise<void> {
  engine = await startOwnEngine('restart-policies', { dir });
  ({ docker } = engine);
}

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'bulkhead-restart-'));
  await startEngine();
  for (const { name, policy, status } of [...containers.map((one) => ({ ...one, status: 3 })), succeeding]) {
    const flags = ['--restart', policy, '--name', name, '-v', `${name}:/data`];
    await docker.ok(['run', '-d', ...flags, probe, 'sh', '-c', script, ...mark(name, status).split(' ')]);
  }
  await docker.ok(['stop', ...containers.filter(({ stopped }) => stopped).map(({ name }) => name)]);
});
afterAll(async () => {
  await engine?.stop();
  await rm(dir, { recursive: true, force: true });
});

const back = containers.filter(({ returns }) => returns).map(({ name }) => name);

/** Waits until exactly these containers run, each as the container of the name it has with as many starts as said. */
async function expectRunning(starts: Readonly<Record<string, number>>): Promise<void> {
  await eventually(async () => {
    const names = await docker.ok(['ps', '--format', '{{.Names}}']);
    expect(names.split('\n').sort()).toEqual(Object.keys(starts).sort());
    for (const [name, count] of Object.entries(starts))
      expect([name, await docker.ok(['exec', name, 'sh', '-c', 'wc -l < /data/runs'])]).toEqual([
        name,
        String(count),
      ]);
  }, 30_000);
}

/** Each has a range of its own, which a new container does not get, and its volume belongs to its root. */
async function expectIsolated(names: readonly string[]): Promise<void> {
  const read = async (...words: string[]): Promise<IdMap> =>
    parseIdMap(await docker.ok([...words, '/proc/1/uid_map']));
  const maps = await Promise.all(names.map((name) => read('exec', name, 'cat')));
  const all = [...maps, await read('run', '--rm', probe, 'cat')];
  for (const [index, map] of all.entries()) {
    expect(map).toMatchObject({ inside: 0, size: 65_536 });
    expect(map.base).toBeGreaterThanOrEqual(100_000);
    expect(all.slice(index + 1).every((other) => disjoint(map, other))).toBe(true);
  }
  for (const name of names)
    expect(await docker.ok(['exec', name, 'stat', '-c', '%u:%g', '/data', '/data/runs'])).toBe('0:0\n0:0');
}

/** Nobody who shall stay down was started in between. */
async function expectStarts(name: string, count: number): Promise<void> {
  const said = await docker.ok([
    'run',
    '--rm',
    '-v',
    `${name}:/data`,
    probe,
    'sh',
    '-c',
    'wc -l < /data/runs',
  ]);
  expect([name, said]).toEqual([name, String(count)]);
}

test('dockerd is killed and its containers end meanwhile: those that shall come back do, isolated', async () => {
  if (engine === undefined) throw new Error('the engine runs');
  const { internals } = engine;
  const dockerd = await internals.pidOf('dockerd');
  if (dockerd === undefined) throw new Error('dockerd runs');
  /* Stopped first, so that it is the next dockerd that finds them gone. */
  process.kill(dockerd, 'SIGSTOP');
  for (const { name } of containers.filter(({ stopped }) => !stopped)) {
    const { stdout } = await execa('/usr/bin/pgrep', ['-f', `^sh -c .* ${mark(name, 3)}$`]);
    process.kill(Number(stdout), 'SIGKILL');
  }
  await internals.replace('dockerd');
  await expectRunning({ ...Object.fromEntries(back.map((name) => [name, 2])), succeeding: 1 });
  await expectIsolated([...back, 'succeeding']);
  for (const name of ['never', 'stopped']) await expectStarts(name, 1);
});

test('the whole engine is stopped and started: those that shall come back do, isolated', async () => {
  await engine?.stop();
  await startEngine();
  await expectRunning(Object.fromEntries(back.map((name) => [name, 3])));
  await expectIsolated(back);
  for (const name of ['never', 'stopped', 'succeeding']) await expectStarts(name, 1);
});
