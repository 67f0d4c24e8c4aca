import { execa } from 'execa';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { readStatus } from '../support/control.ts';
import { createDocker, probe, unique } from '../support/docker.ts';
import { type EngineInternals, engineInternals } from '../support/engine-internals.ts';
import { type ApiAnswer, callEngine } from '../support/engine-api.ts';
import { eventually } from '../support/eventually.ts';
import { disjoint, parseIdMap } from '../support/id-map.ts';

/** Killing each part in turn: containers live on, the engine comes back by itself, and nobody starts unprotected. */
const docker = createDocker(inject('dockerHost'));
let engine: EngineInternals;
const survivor = unique('survivor');

beforeAll(async () => {
  engine = await engineInternals(inject('enginePid'));
  const script = 'echo kept > /data/file; exec sleep 3600';
  await docker.ok(['run', '-d', '--name', survivor, '-v', `${survivor}:/data`, probe, 'sh', '-c', script]);
});
afterAll(async () => {
  await docker.run(['rm', '-f', survivor]);
  await docker.run(['volume', 'rm', survivor]);
});

async function expectSurvivor(): Promise<void> {
  expect(await docker.ok(['exec', survivor, 'cat', '/data/file'])).toBe('kept');
  expect(await docker.ok(['inspect', '-f', '{{.RestartCount}}', survivor])).toBe('0');
}

describe('kill -9 of', () => {
  test('dockerd: it is started again and its containers run on', async () => {
    const before = (await readStatus(inject('controlSocket'))).services.dockerd.restarts;
    await engine.replace('dockerd');
    await eventually(expectSurvivor, 30_000);
    const { services, engine: health } = await readStatus(inject('controlSocket'));
    expect(services.dockerd).toMatchObject({
      state: 'running',
      restarts: before + 1,
      lastExit: { kind: 'signal', value: 9 },
    });
    expect(health.ready).toBe(true);
  });

  test('containerd: it is started again and containers can be made', async () => {
    await engine.replace('containerd');
    await eventually(expectSurvivor, 30_000);
    expect(await eventually(() => docker.ok(['run', '--rm', probe, 'echo', 'made']), 30_000)).toBe('made');
  });

  test('bulkheadd: the engine is reachable again, and new ranges do not meet those in use', async () => {
    const held = parseIdMap(await docker.ok(['exec', survivor, 'cat', '/proc/self/uid_map']));
    await engine.replace('bulkheadd');
    await eventually(expectSurvivor, 30_000);
    const fresh = parseIdMap(await docker.ok(['run', '--rm', probe, 'cat', '/proc/self/uid_map']));
    expect(disjoint(held, fresh)).toBe(true);
    expect((await readStatus(inject('controlSocket'))).isolation.rangesInUse).toBeGreaterThanOrEqual(1);
  });
});

/** Unlike a killed one, dockerd unmounts then what lies below its storage. */
test('dockerd ended in good order: its containers run on, and others can be made', async () => {
  await engine.replace('dockerd', 'SIGTERM');
  await eventually(expectSurvivor, 30_000);
  expect(await docker.ok(['run', '--rm', probe, 'echo', 'made'])).toBe('made');
});

/** Host pids of processes whose command line matches; empty when there is none. */
async function find(pattern: string): Promise<number[]> {
  const { stdout } = await execa('/usr/bin/pgrep', ['-f', pattern], { reject: false });
  return stdout.split('\n').filter(Boolean).map(Number);
}

test(
  'with a daemon that does not answer, no container starts, and one sentence says why',
  { timeout: 180_000 },
  async () => {
    /* The engine restarts a container by itself: every request of a person waits for the daemon to judge it. */
    const name = unique('restarted');
    const command = `sleep ${40_000 + (process.pid % 10_000)}`;
    const id = await docker.ok([
      'run',
      '-d',
      '--restart',
      'always',
      '--name',
      name,
      probe,
      ...command.split(' '),
    ]);
    const [running] = await find(`^${command}`);
    const daemon = await engine.pidOf('bulkheadd');
    if (daemon === undefined || running === undefined) throw new Error('bulkheadd and the container run');
    process.kill(daemon, 'SIGSTOP');
    try {
      process.kill(running, 'SIGKILL');
      await eventually(async () => expect(await find(`create --bundle .*${id}`)).not.toEqual([]), 15_000);
      /* The front door's own deadline is 60 s. */
      await eventually(async () => expect(await find(`create --bundle .*${id}`)).toEqual([]), 75_000);
      expect(await find(`^${command}`)).toEqual([]);
    } finally {
      process.kill(daemon, 'SIGCONT');
    }
    const error = await eventually(async () => {
      const text = await docker.ok(['inspect', '-f', '{{.State.Error}}', name]);
      expect(text).toContain('bulkhead: ');
      return text;
    }, 15_000);
    expect(error).toContain('bulkheadd');
    await docker.ok(['rm', '-f', name]);
    await eventually(expectSurvivor, 30_000);
  },
);

/** dockerd asks it about every request on connections it keeps; one closed as it wakes up took the request with it (status 500). */
test('a daemon that stood still for 7 s answers what was asked meanwhile', async () => {
  const daemon = await engine.pidOf('bulkheadd');
  if (daemon === undefined) throw new Error('bulkheadd runs');
  /* Without the gate, which would stand still as well, and without a client that asks twice. */
  const ask = (): Promise<ApiAnswer> => callEngine(engine.rawSocket, { method: 'GET', path: '/version' });
  await ask();
  process.kill(daemon, 'SIGSTOP');
  const asked = ask();
  await sleep(7000).finally(() => process.kill(daemon, 'SIGCONT'));
  expect(await asked).toMatchObject({ status: 200 });
});
