import * as fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import type { IdRange } from '../isolation/plan.js';
import { IdAllocator } from './id-allocator.js';
import { nextFit } from './id-pool.js';
import type { Holder } from './lease.js';
import { World } from './world.test-support.js';

/** Five slots, so that coming round is quick. */
const small = { first: 1000, end: 1000 + 5 * 100, slot: 100 };

let world: World;
let allocator: IdAllocator;
const restart = () => (allocator = new IdAllocator(world.store, world.probe, small));
beforeEach(() => {
  world = new World();
  restart();
});

async function start(id: string, count = 100): Promise<{ holder: Holder; range: IdRange }> {
  const holder = world.creator(id);
  const range = await allocator.acquire(count, holder);
  world.started(holder, range.base);
  return { holder, range };
}

test('the first two containers of a boot get the ranges from 100000 and 165536', async () => {
  const first = new IdAllocator(world.store, world.probe);
  expect(await first.acquire(65_536, world.creator('a'))).toEqual({ base: 100_000, size: 65_536 });
  expect(await first.acquire(65_536, world.creator('b'))).toEqual({ base: 165_536, size: 65_536 });
});

test('a freed range is given again only after all others', async () => {
  const { holder } = await start('a');
  world.deleted(holder);
  expect(await allocator.sweep()).toBe(0);
  expect(allocator.leases).toEqual([]);
  const bases = [];
  for (const id of ['b', 'c', 'd', 'e', 'f']) bases.push((await start(id)).range.base);
  expect(bases).toEqual([1100, 1200, 1300, 1400, 1000]);
});

test('a larger range takes slots in a row, and rounds up to whole slots', async () => {
  await start('a');
  expect((await start('b', 101)).range).toEqual({ base: 1100, size: 200 });
  expect((await start('c')).range.base).toBe(1300);
  await expect(start('d', 200)).rejects.toMatchObject({ code: 'BH_RUNTIME_IDS_EXHAUSTED' });
  expect((await start('e')).range.base).toBe(1400);
});

test('an id is known to be of the range that has it, and of none once that is free', async () => {
  const { holder } = await start('a', 101);
  await start('b');
  expect([999, 1000, 1199, 1200, 1299, 1300].map((id) => allocator.ownerOf(id))).toEqual([
    undefined,
    '/run/r/a',
    '/run/r/a',
    '/run/r/b',
    '/run/r/b',
    undefined,
  ]);
  allocator.share(1000, world.creator('joins'));
  expect(allocator.ownerOf(1000)).toBe('/run/r/a');
  world.deleted(holder);
  world.creators.clear();
  await allocator.sweep();
  expect(allocator.ownerOf(1000)).toBeUndefined();
  // The same range again.
  for (const id of ['c', 'd', 'e']) await start(id);
  expect([allocator.ownerOf(1000), allocator.leases.some(({ base }) => base === 1000)]).toEqual([
    '/run/r/e',
    true,
  ]);
});

describe('a range stays held while', () => {
  const exhaust = async () => {
    for (const id of ['b', 'c', 'd', 'e']) await start(id);
  };
  const expectNoneFree = () => expect(start('z')).rejects.toMatchObject({ code: 'BH_RUNTIME_IDS_EXHAUSTED' });

  test('the state directory of its container exists', async () => {
    const { holder } = await start('a');
    world.processes.clear();
    await exhaust();
    await expectNoneFree();
    world.deleted(holder);
    expect((await start('y')).range.base).toBe(1000);
  });

  test('the process that creates the container runs', async () => {
    const holder = world.creator('a');
    await allocator.acquire(100, holder);
    await exhaust();
    await expectNoneFree();
    world.creators.delete(holder.pid);
    expect((await start('y')).range.base).toBe(1000);
  });

  test('a process runs with one of its ids', async () => {
    const { holder } = await start('a');
    await exhaust();
    world.deleted(holder);
    world.processes.set('left over', [1099]);
    expect(await allocator.sweep()).toBe(1);
    await expectNoneFree();
    world.processes.delete('left over');
    expect((await start('y')).range.base).toBe(1000);
  });

  test('a further holder lives', async () => {
    const { holder, range } = await start('a');
    const joining = world.creator('joining');
    allocator.share(range.base, joining);
    world.started(joining, range.base);
    world.deleted(holder);
    await exhaust();
    restart();
    await expectNoneFree();
    world.deleted(joining);
    expect((await start('y')).range.base).toBe(1000);
  });

  test('its record cannot be read', async () => {
    world.files.set('1000.json', '{"base":1000');
    restart();
    await exhaust();
    await expectNoneFree();
  });
});

test('ids a stranger runs with are not given once the search has come round', async () => {
  for (const id of ['a', 'b', 'c', 'd', 'e']) world.deleted((await start(id)).holder);
  await allocator.sweep();
  world.processes.set('stranger', [1150]);
  expect([(await start('f')).range.base, (await start('g')).range.base]).toEqual([1000, 1200]);
});

test('whoever held a range hears of it once it is given back, and not before', async () => {
  const freed: string[] = [];
  allocator = new IdAllocator(world.store, world.probe, small, ({ containerId }) => freed.push(containerId));
  const { holder, range } = await start('a');
  const refused = world.creator('refused');
  allocator.abandon((await allocator.acquire(100, refused)).base, refused);
  expect(freed).toEqual(['refused']);
  const joining = world.creator('joining');
  allocator.share(range.base, joining);
  world.started(joining, range.base);
  world.deleted(holder);
  await allocator.sweep();
  expect(freed).toEqual(['refused']);
  world.deleted(joining);
  await allocator.sweep();
  expect(freed).toEqual(['refused', 'a', 'joining']);
});

test('of those who join a range only the living are kept on record, and each once', async () => {
  const freed: string[] = [];
  allocator = new IdAllocator(world.store, world.probe, small, ({ containerId }) => freed.push(containerId));
  const { holder, range } = await start('a');
  const join = (id: string): Holder => {
    const joining = world.creator(id);
    allocator.share(range.base, joining);
    world.started(joining, range.base);
    return joining;
  };
  join('again');
  const gone = [join('once'), join('twice'), join('twice')];
  const last = join('again');
  for (const one of gone) world.deleted(one);
  const abandoned = world.creator('again');
  allocator.share(range.base, abandoned);
  await allocator.sweep();
  allocator.abandon(range.base, abandoned);
  world.creators.delete(abandoned.pid);
  expect(await allocator.sweep()).toBe(0);
  expect(allocator.leases).toEqual([{ ...range, holders: [holder, last] }]);
  expect(new Set(freed)).toEqual(new Set(['once', 'twice']));

  // The owner stays on record after its end, the range for as long as anybody lives.
  world.deleted(holder);
  await allocator.sweep();
  expect(allocator.leases).toEqual([{ ...range, holders: [holder, last] }]);
  world.deleted(last);
  await allocator.sweep();
  expect(allocator.leases).toEqual([]);
});

test('a restarted daemon goes on where the old one stopped', async () => {
  const { holder } = await start('a');
  await start('b');
  world.deleted(holder);
  restart();
  expect(allocator.leases.map((lease) => lease.base)).toEqual([1000, 1100]);
  expect((await start('c')).range.base).toBe(1200);
  await allocator.sweep();
  expect(allocator.leases.map((lease) => lease.base)).toEqual([1100, 1200]);
});

test('a lost cursor is not taken for a fresh boot', async () => {
  await start('a');
  world.files.delete('cursor');
  world.processes.set('stranger', [1100]);
  restart();
  expect((await start('b')).range.base).toBe(1200);
});

test('nobody joins a range whose containers have ended', async () => {
  const { holder, range } = await start('a');
  world.deleted(holder);
  expect(() => allocator.share(range.base, world.creator('b'))).toThrow(/has ended meanwhile/);
  expect(() => allocator.share(4711, world.creator('b'))).toThrow(/has ended meanwhile/);
});

test('an abandoned range is free at once, an abandoned share leaves the other holder', async () => {
  const holder = world.creator('a');
  const range = await allocator.acquire(100, holder);
  const joining = world.creator('b');
  allocator.share(range.base, joining);
  allocator.abandon(range.base, joining);
  expect(allocator.leases).toEqual([{ ...range, holders: [holder] }]);
  allocator.abandon(range.base, holder);
  expect([...world.files.keys()]).toEqual(['cursor']);
});

test('a second create with the id of a running container gets a range of its own', async () => {
  const { holder } = await start('a');
  const again = world.creator('a');
  expect(await allocator.acquire(100, again)).toEqual({ base: 1100, size: 100 });
  allocator.abandon(1100, again);
  expect(allocator.leases).toEqual([{ base: 1000, size: 100, holders: [holder] }]);
});

test('a range that cannot be recorded is not given', async () => {
  world.writeFails = true;
  await expect(start('a')).rejects.toMatchObject({ code: 'BH_RUNTIME_IDS_STATE' });
  world.writeFails = false;
  expect((await start('b')).range.base).toBe(1000);
});

test('the search finds a free run wherever one is', () => {
  fc.assert(
    fc.property(
      fc.array(fc.boolean(), { minLength: 1, maxLength: 12 }),
      fc.integer({ min: 1, max: 4 }),
      fc.nat(13),
      (free, slots, at) => {
        const limits = { first: 10, end: 10 + free.length, slot: 1 };
        const fit = nextFit(
          limits,
          { next: 10 + at, wrapped: false },
          slots,
          (base) => free[base - 10] ?? false,
        );
        const runs = free.flatMap((_, from) =>
          from + slots <= free.length && free.slice(from, from + slots).every(Boolean) ? [from + 10] : [],
        );
        const expected = runs.find((run) => run >= 10 + at) ?? runs[0];
        expect(fit?.range.base).toBe(expected);
      },
    ),
    { numRuns: 500 },
  );
});

/** Random lives of containers against a model that only knows who is alive. */
test('no two live containers ever share an id', async () => {
  const action = fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({ kind: fc.constantFrom('create', 'createTwice', 'createLarge'), at: fc.nat() }),
    },
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constantFrom('start', 'delete', 'die', 'abandon', 'share'),
        at: fc.nat(),
      }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('restart', 'sweep', 'reap'), at: fc.nat() }) },
  );
  type Life = { holder: Holder; range: IdRange; phase: 'creating' | 'running' | 'lingering' };
  await fc.assert(
    fc.asyncProperty(fc.array(action, { maxLength: 60 }), async (actions) => {
      world = new World();
      restart();
      let alive: Life[] = [];
      let number = 0;
      const end = (life: Life) => (alive = alive.filter((other) => other !== life));
      const acquire = async (size: number) => {
        const holder = world.creator(`c${++number}`);
        const range = await allocator.acquire(size, holder).catch(() => undefined);
        if (range === undefined) return void world.creators.delete(holder.pid);
        for (const { range: other } of alive)
          expect(range.base >= other.base + other.size || other.base >= range.base + range.size).toBe(true);
        alive.push({ holder, range, phase: 'creating' });
      };
      for (const { kind, at } of actions) {
        const life = alive[at % Math.max(1, alive.length)];
        if (kind === 'create') await acquire(100);
        else if (kind === 'createLarge') await acquire(250);
        else if (kind === 'createTwice') await Promise.all([acquire(100), acquire(100)]);
        else if (kind === 'restart') restart();
        else if (kind === 'sweep') await allocator.sweep();
        else if (kind === 'reap') {
          for (const gone of alive.filter(({ phase }) => phase === 'lingering')) {
            world.processes.delete(World.key(gone.holder));
            end(gone);
          }
        } else if (life === undefined) continue;
        else if (kind === 'start' && life.phase === 'creating') {
          world.started(life.holder, life.range.base);
          life.phase = 'running';
        } else if (kind === 'die' && life.phase === 'creating') {
          world.creators.delete(life.holder.pid);
          end(life);
        } else if (kind === 'abandon' && life.phase === 'creating') {
          allocator.abandon(life.range.base, life.holder);
          world.creators.delete(life.holder.pid);
          end(life);
        } else if (kind === 'delete' && life.phase === 'running') {
          // The state goes first; a process stays until `reap`.
          world.states.delete(World.key(life.holder));
          life.phase = 'lingering';
        } else if (kind === 'share' && life.phase === 'running') {
          const holder = world.creator(`c${++number}`);
          allocator.share(life.range.base, holder);
          world.started(holder, life.range.base);
          // The owner may now go; the range lives on with the one that joined.
          world.deleted(life.holder);
          end(life);
          alive.push({ holder, range: life.range, phase: 'running' });
        }
      }
      // When all have ended, nothing stays on record: no leak either.
      for (const { holder } of alive) {
        world.deleted(holder);
        world.creators.delete(holder.pid);
      }
      expect(await allocator.sweep()).toBe(0);
      expect(allocator.leases).toEqual([]);
    }),
    { numRuns: 300 },
  );
});
