import { pino } from 'pino';
import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { type ContainerTraces, type EngineSays } from './abandoned.js';
import { engineSaysOf, Reaper } from './reaper.js';
import { tracesOf } from './traces.test-support.js';

/** A machine with one container, on a clock that goes on when the test says so. */
function fixture() {
  const world = {
    now: 0,
    says: 'unknown' as EngineSays,
    since: 1000 as number | undefined,
    engineFails: false,
    found: [] as ContainerTraces[],
    sleepers: [] as (() => void)[],
    killed: [] as string[],
    cleaned: [] as string[],
    outlives: false,
  };
  world.found = [tracesOf('a')];
  const reaper = new Reaper({
    traces: () => Promise.resolve([...world.found]),
    whenReady: () => Promise.resolve(),
    askEngine: () =>
      world.engineFails ? Promise.reject(new Error('no answer')) : Promise.resolve(() => world.says),
    starts: () =>
      world.since === undefined ? undefined : { engineSince: world.since, servicesSince: world.since },
    clock: {
      now: () => world.now,
      sleep: () => new Promise<void>((wake) => world.sleepers.push(wake)),
    },
    log: pino({ level: 'silent' }),
    removeDeadSockets: () => undefined,
    kill: ({ containerId }) => {
      world.killed.push(containerId);
      return world.outlives ? Promise.reject(new Error('outlived SIGKILL')) : Promise.resolve(1);
    },
    cleanUp: ({ containerId }) => {
      world.cleaned.push(containerId);
      world.found = world.found.filter((traces) => traces.containerId !== containerId);
      return Promise.resolve();
    },
  });
  /** All that is awaited here is done at once, so a look is over after one turn of the event loop. */
  const wake = async (): Promise<void> => {
    reaper.wake();
    await setImmediate();
  };
  /** Time passes, and the reaper, which waits for that, looks again. */
  const pass = async (ms = 10_000): Promise<void> => {
    expect(world.sleepers).toHaveLength(1);
    world.now += ms;
    world.sleepers.shift()?.();
    await setImmediate();
  };
  const over = (): void => {
    expect(world.sleepers).toEqual([]);
  };
  return { world, wake, pass, over };
}

test('what looks abandoned twice, 10 s apart, is killed and cleaned up, and nobody looks any more', async () => {
  const { world, wake, pass, over } = fixture();
  await wake();
  expect(world.killed).toEqual([]);
  await pass();
  expect([world.killed, world.cleaned]).toEqual([['a'], ['a']]);
  await pass();
  over();
});

test('two looks less than 10 s apart are not enough', async () => {
  const { world, wake, pass } = fixture();
  await wake();
  await pass(9999);
  expect(world.killed).toEqual([]);
  await pass(1);
  expect(world.killed).toEqual(['a']);
});

test('what runs by the second look is left alone', async () => {
  const { world, wake, pass, over } = fixture();
  await wake();
  world.says = 'running';
  await pass();
  over();
  expect(world.killed).toEqual([]);
});

test('what has changed by the second look is looked at twice again', async () => {
  const { world, wake, pass } = fixture();
  await wake();
  world.found = [tracesOf('a', { left: [] })];
  await pass();
  expect(world.killed).toEqual([]);
  await pass();
  expect(world.killed).toEqual(['a']);
});

test('what starts between the second look and the kill is not killed', async () => {
  const { world, wake, pass } = fixture();
  await wake();
  const before = world.found;
  let looks = 0;
  Object.defineProperty(world, 'found', {
    get: () => (looks++ === 0 ? before : [tracesOf('a', { creators: [{ pid: 8, startTime: '2000' }] })]),
  });
  await pass();
  expect(world.killed).toEqual([]);
});

test('what is left of a container the engine knows is watched until the engine forgets it', async () => {
  const { world, wake, pass, over } = fixture();
  world.says = 'not running';
  world.found = [tracesOf('a', { shims: [], creators: [], left: [{ kind: 'streams', inode: 1 }] })];
  await wake();
  await pass(20_000);
  await pass(20_000);
  expect(world.killed).toEqual([]);
  world.says = 'unknown';
  await pass(20_000);
  await pass();
  expect(world.cleaned).toEqual(['a']);
  await pass();
  over();
});

test('an engine that does not answer condemns nobody, and is asked again', async () => {
  const { world, wake, pass } = fixture();
  world.engineFails = true;
  await wake();
  await pass();
  await pass();
  expect(world.killed).toEqual([]);
  world.engineFails = false;
  await pass();
  await pass();
  expect(world.killed).toEqual(['a']);
});

test('while a service is down, nobody is abandoned', async () => {
  const { world, wake, over } = fixture();
  world.since = undefined;
  await wake();
  over();
  expect(world.killed).toEqual([]);
});

test('one that cannot be killed is given up, until a service starts again', async () => {
  const { world, wake, pass, over } = fixture();
  world.outlives = true;
  await wake();
  for (let look = 0; look < 10; look += 1) await pass();
  over();
  expect(world.killed).toHaveLength(5);
  world.outlives = false;
  await wake();
  await pass();
  expect(world.cleaned).toEqual(['a']);
});

test('the engine’s list: a paused or restarting container runs, one that is not listed is unknown', () => {
  const says = engineSaysOf([
    { Id: 'a', State: 'running' },
    { Id: 'b', State: 'paused' },
    { Id: 'c', State: 'restarting' },
    { Id: 'd', State: 'created' },
    { Id: 'e', State: 'exited' },
  ]);
  expect(['a', 'b', 'c', 'd', 'e', 'f'].map(says)).toEqual([
    'running',
    'running',
    'running',
    'not running',
    'not running',
    'unknown',
  ]);
});
