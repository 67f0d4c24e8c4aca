import { expect, test, vi } from 'vitest';
import type { Clock } from '../common/clock.js';
import { IdAllocator } from './id-allocator.js';
import { IdRelease } from './id-release.js';
import { World } from './world.test-support.js';

/** A clock that stands still until told to go on, and remembers what was asked of it. */
function handClock(): Clock & { readonly asked: number[]; tick: () => Promise<void> } {
  const asked: number[] = [];
  let wake: (() => void) | undefined;
  return {
    asked,
    now: () => 0,
    sleep: (ms, signal) => {
      asked.push(ms);
      return new Promise<void>((resolve, reject) => {
        wake = resolve;
        signal?.addEventListener('abort', () => reject(new Error('aborted')));
      });
    },
    tick: async () => {
      wake?.();
      await new Promise(setImmediate);
    },
  };
}

async function oneContainer() {
  const world = new World();
  const allocator = new IdAllocator(world.store, world.probe);
  const holder = world.creator('a');
  const range = await allocator.acquire(65_536, holder);
  world.started(holder, range.base);
  const clock = handClock();
  const watches = new Map<string, { changed: () => void; ended: () => void }>();
  const errors: unknown[] = [];
  const release = new IdRelease({
    allocator,
    clock,
    onError: (error) => errors.push(error),
    watch: (path, changed, ended) => {
      watches.set(path, { changed, ended });
      return () => watches.delete(path);
    },
  });
  return { world, allocator, holder, clock, watches, errors, release };
}

test('after a restart the runtime roots of the recorded containers are watched', async () => {
  const { watches, release } = await oneContainer();
  expect([...watches.keys()]).toEqual(['/run/r']);
  await release.close();
  expect([...watches.keys()]).toEqual([]);
});

test('a change below the runtime root gives back what has ended, many changes cost one look', async () => {
  const { world, allocator, holder, clock, watches, release } = await oneContainer();
  await clock.tick();
  expect(allocator.leases).toHaveLength(1);
  const list = vi.spyOn(world.probe, 'idsOfProcesses');
  world.deleted(holder);
  for (let changes = 0; changes < 20; changes++) watches.get('/run/r')?.changed();
  await clock.tick();
  expect(allocator.leases).toEqual([]);
  expect(list).toHaveBeenCalledTimes(1);
  await release.close();
});

test('while processes linger it looks again, ever less often', async () => {
  const { world, allocator, holder, clock, release } = await oneContainer();
  world.states.clear();
  for (let times = 0; times < 6; times++) await clock.tick();
  expect(clock.asked).toEqual([300, 600, 1200, 2400, 4800, 5000, 5000]);
  expect(allocator.leases).toHaveLength(1);
  world.deleted(holder);
  await clock.tick();
  expect(allocator.leases).toEqual([]);
  expect(clock.asked).toHaveLength(7);
  await release.close();
});

test('a runtime root that is removed and made again is watched again', async () => {
  const { watches, release } = await oneContainer();
  watches.get('/run/r')?.ended();
  expect(watches.size).toBe(0);
  release.follow('/run/r');
  expect(watches.size).toBe(1);
  await release.close();
});

test('a failing look is reported and does not end the looking', async () => {
  const { world, allocator, holder, clock, errors, watches, release } = await oneContainer();
  await clock.tick();
  world.deleted(holder);
  vi.spyOn(world.probe, 'idsOfProcesses').mockRejectedValueOnce(new Error('EMFILE'));
  watches.get('/run/r')?.changed();
  await clock.tick();
  expect(errors).toMatchObject([{ message: 'EMFILE' }]);
  watches.get('/run/r')?.changed();
  await clock.tick();
  expect(allocator.leases).toEqual([]);
  await release.close();
});
