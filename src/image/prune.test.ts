import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { useCached } from './cache-use.js';
import { pruneCache, removeIf } from './prune.js';

let cache = '';
beforeEach(async () => {
  cache = await mkdtemp(join(tmpdir(), 'bulkhead-prune-'));
});
afterEach(() => rm(cache, { recursive: true }));

const hour = 3_600_000;
const image = (key: string): string => join(cache, 'images', key);

/** An entry last used so many hours ago. */
async function entry(directory: string, hours: number): Promise<void> {
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, 'file'), 'x');
  const used = new Date(Date.now() - hours * hour);
  await utimes(directory, used, used);
}

async function images(): Promise<string[]> {
  return (await readdir(join(cache, 'images'))).sort();
}

/** Images a to g, used 10 to 16 hours ago. */
async function seven(): Promise<void> {
  for (const [index, key] of Array.from('abcdefg').entries()) await entry(image(key), 10 + index);
}

test('the three used last stay, of images and of unpacked packages; without a cache there is nothing to do', async () => {
  expect(await pruneCache(cache)).toEqual([]);
  await seven();
  for (const [index, key] of Array.from('pqrst').entries())
    await entry(join(cache, 'userland', key), 14 - index);
  const gone = await pruneCache(cache);
  expect(await images()).toEqual(['a', 'b', 'c']);
  expect((await readdir(join(cache, 'userland'))).sort()).toEqual(['r', 's', 't']);
  expect([...gone].sort()).toEqual(
    Array.from('defg', image).concat(Array.from('pq', (key) => join(cache, 'userland', key))),
  );
});

test('what was used within the hour stays, however many there are', async () => {
  for (const key of 'abcde') await entry(image(key), 0.9);
  expect(await pruneCache(cache)).toEqual([]);
  expect(await pruneCache(cache, Date.now() + hour)).toHaveLength(2);
});

test('use makes an old image new', async () => {
  await seven();
  await (await useCached(cache, image('g')))[Symbol.asyncDispose]();
  await pruneCache(cache);
  expect(await images()).toEqual(['a', 'b', 'g']);
});

/** Uses an image, and says when it does; until it is killed. */
async function user(key: string): Promise<() => Promise<void>> {
  const program = `
    const { useCached } = await import(${JSON.stringify(join(import.meta.dirname, '../../dist/image/cache-use.js'))});
    await useCached(${JSON.stringify(cache)}, ${JSON.stringify(image(key))});
    console.log('using'); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return async () => {
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  };
}

test('an image stays while a process uses it', async () => {
  await seven();
  const held = await useCached(cache, image('f'));
  const later = Date.now() + 2 * hour;
  for (const key of 'hij') await entry(image(key), 0);
  await entry(image('f'), 20);
  await pruneCache(cache, later);
  expect(await images()).toEqual(['f', 'h', 'i', 'j']);
  await held[Symbol.asyncDispose]();
  await pruneCache(cache, later);
  expect(await images()).toEqual(['h', 'i', 'j']);
});

test('the record of a killed process does not count', async () => {
  await seven();
  const kill = await user('g');
  await entry(image('g'), 20);
  await pruneCache(cache);
  expect(await images()).toEqual(['a', 'b', 'c', 'g']);
  await kill();
  await pruneCache(cache);
  expect(await images()).toEqual(['a', 'b', 'c']);
  expect(await readdir(join(cache, 'in-use'))).toEqual([]);
});

test('an image elsewhere is not recorded, and one that is not there is no error', async () => {
  await useCached(cache, '/srv/image');
  await expect(stat(join(cache, 'in-use'))).rejects.toThrow('ENOENT');
  await using _use = await useCached(cache, image('none'));
  await expect(stat(image('none'))).rejects.toThrow('ENOENT');
});

test('root and the user who boots its images can both record their use', async () => {
  await entry(image('a'), 20);
  await using _use = await useCached(cache, image('a'));
  expect((await stat(join(cache, 'in-use'))).mode & 0o7777).toBe(0o1777);
});

test('several at once delete each image once, and none of those that stay', async () => {
  await seven();
  const gone = (await Promise.all(Array.from({ length: 8 }, () => pruneCache(cache)))).flat();
  expect(gone.toSorted()).toEqual(Array.from('defg', image));
  expect(await images()).toEqual(['a', 'b', 'c']);
});

test('what is taken into use at the last moment comes back', async () => {
  await entry(image('a'), 20);
  const answers = [true, false];
  expect(await removeIf(image('a'), async () => answers.shift() ?? true)).toBe(false);
  expect(await images()).toEqual(['a']);
  expect(await readdir(image('a'))).toEqual(['file']);
});

test('what was built anew meanwhile stays, and the old one goes', async () => {
  await entry(image('a'), 20);
  const rebuilt = async (path: string): Promise<boolean> => {
    if (path === image('a')) return true;
    await mkdir(image('a'));
    await writeFile(join(image('a'), 'new'), 'x');
    return false;
  };
  expect(await removeIf(image('a'), rebuilt)).toBe(true);
  expect(await images()).toEqual(['a']);
  expect(await readdir(image('a'))).toEqual(['new']);
});
