import { chmod, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { firstOpen, openToOthers } from './open-to-others.js';

const root = { path: '/', owner: 0, mode: 0o40755 };
const own = { path: '/d/bulkhead-1000', owner: 1000, mode: 0o40700 };

test.each([
  ['a directory of root, as /run', 0, 0o40755, undefined],
  ['one of this user', 1000, 0o40700, undefined],
  ['/tmp, whose names are kept apart', 0, 0o41777, '/d'],
  ['one of a group', 0, 0o42775, '/d'],
  ['one of another user', 1001, 0o40755, '/d'],
])('on the way lies %s', (_what, owner, mode, open) => {
  expect(firstOpen([root, { path: '/d', owner, mode }, own], 1000)).toBe(open);
});

test('looked at is where a socket really lies, or will', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'bh-open-'));
  const [sticky, closed] = [join(directory, 'sticky'), join(directory, 'closed')];
  try {
    await mkdir(join(sticky, 'mine'), { recursive: true, mode: 0o700 });
    await chmod(sticky, 0o1777);
    await mkdir(closed, { mode: 0o700 });
    const outer = await openToOthers(join(closed, 'docker.sock'));
    // The temporary directory itself may be open or not.
    const expected = outer ?? sticky;
    expect(await openToOthers(join(sticky, 'mine', 'docker.sock'))).toBe(expected);
    expect(await openToOthers(join(sticky, 'not', 'there', 'docker.sock'))).toBe(expected);
    await symlink(join(sticky, 'mine'), join(closed, 'link'));
    expect(await openToOthers(join(closed, 'link', 'docker.sock'))).toBe(expected);
    expect(await openToOthers('/proc/docker.sock')).toBeUndefined();
    // A link that others can make anew, however closed the directory it leads to; also one behind another.
    await symlink(closed, join(sticky, 'turned'));
    expect(await openToOthers(join(sticky, 'turned', 'docker.sock'))).toBe(expected);
    await symlink('../sticky/turned', join(closed, 'second'));
    expect(await openToOthers(join(closed, 'second', 'docker.sock'))).toBe(expected);
    await symlink(join(sticky, 'gone', 'away'), join(closed, 'dangling'));
    expect(await openToOthers(join(closed, 'dangling', 'docker.sock'))).toBe(expected);
    await symlink('ring', join(closed, 'ring'));
    await expect(openToOthers(join(closed, 'ring', 'docker.sock'))).rejects.toThrow('links on the way');
  } finally {
    await rm(directory, { recursive: true });
  }
});
