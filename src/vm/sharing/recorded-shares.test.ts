import { mkdir, mkdtemp, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { instancePaths } from '../instance/paths.js';
import { factsIn } from '../test-support/facts-in.js';
import { identityOf } from './host-place.js';
import { recordOfRequests, recordShares, runningRecords } from './recorded-shares.js';
import { sharedHolderOf } from './shared-holder.js';

let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'bh-shared-'));
  for (const name of ['shared/within', 'beside', 'shared-not'])
    await mkdir(join(root, name), { recursive: true });
});
afterEach(() => rm(root, { recursive: true }));
const holder = (name: string): Promise<string | undefined> => sharedHolderOf(join(root, name), factsIn(root));
const requested = (...names: readonly string[]): ReturnType<typeof recordOfRequests> =>
  recordOfRequests(names.map((name) => ({ path: join(root, name), readOnly: name === 'beside' })));
async function record(...names: readonly string[]): Promise<string> {
  const { sharedRecords } = instancePaths('ci', factsIn(root));
  await mkdir(dirname(sharedRecords.engine), { recursive: true });
  await recordShares(sharedRecords.engine, { directories: await requested(...names), uses: [] });
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
  const uses = [{ path: '/p', what: 'a policy' }];
  const { vm } = instancePaths('ci', factsIn(root)).sharedRecords;
  await recordShares(vm, { directories: await requested('beside'), uses });
  for (const name of ['shared', 'beside']) expect(await holder(name)).toBe(join(root, name));
  expect(await requested('beside')).toMatchObject([
    {
      path: join(root, 'beside'),
      identity: identityOf(await stat(join(root, 'beside'), { bigint: true })),
      readOnly: true,
      hidden: [],
    },
  ]);
  expect((await runningRecords(join(root, 'bulkhead')))[1]).toEqual({
    name: 'ci',
    kind: 'vm',
    file: vm,
    directories: await requested('beside'),
    uses,
  });
});

test('one whose state lies elsewhere, behind a link, is in the way as well', async () => {
  const state = dirname(await record('shared'));
  await rename(state, join(root, 'elsewhere'));
  await symlink(join(root, 'elsewhere'), state);
  expect(await holder('shared')).toBe(join(root, 'shared'));
});

test('what can’t be read is no permission: the refusal names it, and tells nobody to remove all state', async () => {
  const file = await record('shared');
  await rm(file);
  await mkdir(file);
  await expect(holder('shared')).rejects.toMatchObject({ code: 'BH_SHARE_RECORD', params: { file } });
  await expect(holder('shared')).rejects.toThrow(`${file} cannot be used: EISDIR`);
  const stateRoot = join(root, 'beside/file');
  await writeFile(stateRoot, '');
  await expect(runningRecords(stateRoot)).rejects.toThrow('See to it that you can read that directory.');
});

test('of an engine that an earlier version started everything is writable, and nothing hidden', async () => {
  const file = await record('shared');
  const owner: unknown = Reflect.get(Object(JSON.parse(await readFile(file, 'utf8'))), 'owner');
  await writeFile(file, JSON.stringify({ format: 1, owner, directories: ['/srv'] }));
  expect(await runningRecords(join(root, 'bulkhead'))).toMatchObject([
    { directories: [{ path: '/srv', readOnly: false, hidden: [] }], uses: [] },
  ]);
});

test('what a process that has ended shared is shared no more, and a record that makes no sense is no permission', async () => {
  const file = await record('shared');
  const text = await readFile(file, 'utf8');
  const later = text.replace('"format":2', '"format":3,"more":[]').replace('"pid"', '"more":1,"pid"');
  for (const one of [text, later]) {
    await writeFile(file, one.replace(/"started":"[^"]*"/, '"started":"earlier"'));
    expect(await holder('shared')).toBeUndefined();
  }
  await writeFile(file, later);
  await expect(holder('shared')).rejects.toMatchObject({ code: 'BH_SHARE_RECORD', params: { file } });
  await writeFile(file, '{}');
  await expect(holder('shared')).rejects.toMatchObject({ code: 'BH_SHARE_RECORD', params: { file } });
});
