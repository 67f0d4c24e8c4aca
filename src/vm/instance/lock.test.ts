import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { lockInstance, lockOwner } from './lock.js';
import { identify, isRunning } from './process-identity.js';

let directory = '';
let file = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bulkhead-lock-'));
  file = join(directory, 'lock');
});
afterEach(() => rm(directory, { recursive: true }));

test('one holder at a time, who is named', async () => {
  const lock = await lockInstance(file, 'one');
  expect(lock.wasStale).toBe(false);
  expect(await lockOwner(file)).toEqual(await identify(process.pid));
  await expect(lockInstance(file, 'one')).rejects.toMatchObject({
    code: 'BH_INSTANCE_LOCKED',
    params: { name: 'one', pid: process.pid },
  });
  await lock.release();
  await using again = await lockInstance(file, 'one');
  expect(again.wasStale).toBe(false);
});

test('of many who try at once exactly one gets it, also over a stale lock, and nothing is left behind', async () => {
  await writeFile(file, JSON.stringify({ pid: process.pid, started: 'in another life' }));
  const tries = await Promise.allSettled(Array.from({ length: 20 }, () => lockInstance(file, 'one')));
  expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  expect(await readdir(directory)).toEqual(['lock']);
});

test.each([
  ['of a process number that was given to another', { pid: process.pid, started: 'in another life' }],
  ['that makes no sense', 'garbage'],
])('a lock %s is taken over', async (_what, content) => {
  await writeFile(file, JSON.stringify(content));
  await using lock = await lockInstance(file, 'one');
  expect(lock.wasStale).toBe(true);
  expect(await lockOwner(file)).toEqual(await identify(process.pid));
});

test('the lock of a killed process is stale', async () => {
  const child = spawn('sleep', ['60']);
  await once(child, 'spawn');
  const identity = await identify(child.pid ?? 0);
  if (identity === undefined) throw new Error('sleep was not found');
  await writeFile(file, JSON.stringify(identity));
  await expect(lockInstance(file, 'one')).rejects.toMatchObject({ code: 'BH_INSTANCE_LOCKED' });
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(await isRunning(identity)).toBe(false);
  await using lock = await lockInstance(file, 'one');
  expect(lock.wasStale).toBe(true);
});

test('releasing does not remove the lock of another', async () => {
  const lock = await lockInstance(file, 'one');
  const other = { pid: 1, started: 'now' };
  await writeFile(file, JSON.stringify(other));
  await lock.release();
  expect(await lockOwner(file)).toEqual(other);
});
