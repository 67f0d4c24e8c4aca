import { chown, lchown, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { namesOfUsers, namesOnTheWay, wayTo } from './names-on-the-way.js';

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
  // Nor is there anything in what is no directory.
  ['near/b/file/deeper', ['near', 'a/b/file/deeper']],
])('to %s', async (path, names) => {
  expect(await namesOnTheWay(`${root}/${path}`)).toEqual(names.map((name) => join(root, name)));
});

test('what goes in circles has no end', async () => {
  await expect(namesOnTheWay(join(root, 'loop'))).rejects.toThrow('links on the way');
});

test.runIf(process.getuid?.() === 0)(
  'whose a name is: its owner’s, or of what lies in whose it is',
  async () => {
    await chown(join(root, 'a'), 12_345, 1);
    await symlink('b/file', join(root, 'a/of-root'));
    await lchown(join(root, 'far'), 12_346, 1);
    const whose = async (path: string): Promise<unknown> => {
      const { turns, last } = await wayTo(join(root, path));
      return [...turns, last].map(({ name, isLink, by }) => [name.slice(root.length), isLink, by]);
    };
    expect(await whose('far/file')).toEqual([
      ['/far', true, 12_346],
      ['', false, 0],
      ['/near', true, 0],
      ['/a/b/file', false, 12_345],
    ]);
    expect(await whose('a/of-root')).toEqual([
      ['/a/of-root', true, 12_345],
      ['/a/b/file', false, 12_345],
    ]);
  },
);

test.each([
  ['no link', ['0', '7'], ['0', '7']],
  ['a link of root’s', ['0l', '0', '7l', '7'], ['0l', '0', '7l', '7']],
  ['a link of theirs to what is theirs', ['7l', '8', '8l', '7'], ['7l', '8', '8l', '7']],
  ['a link of theirs to what is root’s', ['0', '7l', '0'], ['0', '7l']],
  ['and through that to what is theirs', ['7l', '0', '0l', '7'], ['7l', '7']],
  ['and through another’s', ['7l', '9', '7'], ['7l', '7']],
  ['a link of somebody else’s to what is theirs', ['9l', '7'], ['9l']],
  ['one of theirs to one of somebody else’s', ['7l', '9l', '7'], ['7l']],
])('of a way of the users 7 and 8 with %s: %j concern others as far as %j', (_what, way, counted) => {
  const named = way.map((text) => ({
    name: text,
    isLink: text.endsWith('l'),
    by: Number.parseInt(text, 10),
  }));
  expect(namesOfUsers(named, [7, 8]).map(({ name }) => name)).toEqual(counted);
});
