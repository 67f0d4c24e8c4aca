import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { instancePaths } from '../instance/paths.js';
import { factsIn } from '../test-support/facts-in.js';
import { recordShares, sharedHolderOf } from './recorded-shares.js';

let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'bh-shared-'));
  for (const name of ['shared/within', 'beside', 'shared-not'])
    await mkdir(join(root, name), { recursive: true });
});
afterEach(() => rm(root, { recursive: true }));
const holder = (name: string): Promise<string | undefined> => sharedHolderOf(join(root, name), factsIn(root));
async function record(...names: readonly string[]): Promise<string> {
  const { sharedRecords } = instancePaths('ci', factsIn(root));
  await mkdir(dirname(sharedRecords.engine), { recursive: true });
  await recordShares(
    sharedRecords.engine,
    names.map((name) => join(root, name)),
  );
  return sharedRecords.engine;
}

test('nothing is shared where nobody says so', async () => {
  expect(await holder('beside')).toBeUndefined();
});

test('a shared directory holds itself and what lies below, whatever it is called', async () => {
  await symlink(join(root, 'shared'), join(root, 'link'));
  await record('link', 'gone');
  for (const name of ['shared', 'shared/within', 'shared/not-there', 'link/within'])
    expect(await holder(name)).toBe(join(root, 'shared'));
  for (const name of ['beside', 'shared-not', '']) expect(await holder(name)).toBeUndefined();
});

test('of an engine and a VM of one name both are in the way', async () => {
  await record('shared');
  await recordShares(instancePaths('ci', factsIn(root)).sharedRecords.vm, [join(root, 'beside')]);
  for (const name of ['shared', 'beside']) expect(await holder(name)).toBe(join(root, name));
});

test('what a process that has ended shared is shared no more, and a record that makes no sense is no permission', async () => {
  const file = await record('shared');
  const text = await readFile(file, 'utf8');
  await writeFile(file, text.replace(/"started":"[^"]*"/, '"started":"earlier"'));
  expect(await holder('shared')).toBeUndefined();
  await writeFile(file, '{}');
  await expect(holder('shared')).rejects.toThrow('owner');
});
