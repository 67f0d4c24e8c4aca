import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { namesOnTheWay } from './names-on-the-way.js';

let root = '';
beforeEach(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), 'bh-names-')));
  await mkdir(join(root, 'a/b'), { recursive: true });
  await writeFile(join(root, 'a/b/file'), '');
  await symlink('a', join(root, 'near'));
  await symlink(join(root, 'near/b'), join(root, 'far'));
  await symlink('../near/b/../b', join(root, 'a/up'));
  await symlink('loop', join(root, 'loop'));
});
afterEach(() => rm(root, { recursive: true }));

test.each([
  ['a/b/file', ['a/b/file']],
  ['near/b', ['near', 'a/b']],
  // An absolute one is looked for from the root on.
  ['far/file', ['far', '.', 'near', 'a/b/file']],
  // Who can rename what `..` leaves decides where it leads.
  ['a/up/file', ['a/up', 'a', 'near', 'a/b', 'a/b/file']],
  ['near/none/deeper', ['near', 'a/none']],
])('to %s', async (path, names) => {
  expect(await namesOnTheWay(`${root}/${path}`)).toEqual(names.map((name) => join(root, name)));
});

test('what goes in circles has no end', async () => {
  await expect(namesOnTheWay(join(root, 'loop'))).rejects.toThrow('links on the way');
});
