import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ManualClock } from '../../channel/test-support/manual-clock.js';
import { idleMs, readyMs, StartWatch, stuckMs } from './start-watch.js';

let clock: ManualClock;
let looks: number;
let fails: boolean;
let isReady: boolean;
let containers: boolean;
let errors: number;
let end: AbortController;
let watch: StartWatch;
let over: Promise<void>;
beforeEach(() => {
  clock = new ManualClock();
  [looks, errors] = [0, 0];
  [isReady, containers, fails] = [true, false, false];
  end = new AbortController();
  watch = new StartWatch({
    clock,
    look: () => {
      looks += 1;
      if (fails) throw new Error('no /proc');
    },
    containers: () => containers,
    log: { error: () => (errors += 1) },
  });
  over = watch.run(() => isReady, end.signal);
});
afterEach(async () => {
  end.abort();
  await over;
});

/** Lets that many pauses of this length pass; gives the looks that were made. */
async function pass(ms: number, times = 1): Promise<number> {
  const before = looks;
  for (let one = 0; one < times; one++) {
    await clock.advanceWhenSleeping(ms);
    await turn();
  }
  return looks - before;
}
/** Half a minute without a question. */
const untilIdle = (): Promise<number> => pass(readyMs, 30_000 / readyMs);

test('an engine that does not answer is looked at every 2 s, for as long as it takes', async () => {
  isReady = false;
  await pass(readyMs);
  expect(await pass(stuckMs, 100)).toBe(100);
});

test('one that answers every 5 s, and where nobody asks for half a minute and no container runs, every 30 s', async () => {
  expect(await untilIdle()).toBe(6);
  expect(await pass(idleMs, 3)).toBe(3);
});

test('who asks has it looked at 5 s later, as before', async () => {
  await untilIdle();
  await pass(idleMs);
  watch.asked();
  await turn();
  expect(await pass(readyMs, 30_000 / readyMs)).toBe(6);
  expect(await pass(idleMs)).toBe(1);
});

test('while a container runs it stays at 5 s', async () => {
  containers = true;
  await untilIdle();
  expect(await pass(readyMs, 3)).toBe(3);
  containers = false;
  await pass(readyMs);
  expect(await pass(idleMs)).toBe(1);
});

test('a look that fails is told, and not the last', async () => {
  fails = true;
  expect(await pass(readyMs, 2)).toBe(2);
  expect(errors).toBe(2);
});

test('it ends at once, whatever it waits for', async () => {
  await untilIdle();
  end.abort();
  await expect(over).resolves.toBeUndefined();
});

test('one that is started again is looked at as at the first start, whatever was waited for', async () => {
  await untilIdle();
  end.abort();
  await over;
  end = new AbortController();
  isReady = false;
  over = watch.run(() => isReady, end.signal);
  expect(await pass(stuckMs, 3)).toBe(3);
  isReady = true;
  await pass(stuckMs);
  expect(await pass(readyMs, 3)).toBe(3);
});
