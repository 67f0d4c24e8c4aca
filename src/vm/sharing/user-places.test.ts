import { chown, lchown, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { closeShares, openShares } from './open-shares.js';
import type { ProtectedDirectory } from './protected-places.js';
import { placesOfUsers, placesRootReaches } from './user-places.js';

test("what is kept in the homes of the machine's list, and for each user", () => {
  const passwd = [
    'root:x:0:0:root:/root:/bin/bash',
    'u:x:1000:1000::/home/u:/bin/sh',
    'second:x:1001:1000::/home/u:/bin/sh',
    'odd:x:1002:1000::relative:/bin/sh',
    'short:x',
    '+::::::',
  ].join('\n');
  const places = placesOfUsers(passwd);
  expect(places.map(({ path }) => path)).toEqual([
    ...['/root', '/home/u'].flatMap((home) =>
      ['.local/state', '.cache', '.config'].map((directory) => `${home}/${directory}/bulkhead`),
    ),
    ...[0, 1000, 1001, 1002].map((uid) => `/tmp/bulkhead-${uid}`),
  ]);
  expect(places[3]?.what).toBe('the state of engines and VMs (/home/u/.local/state/bulkhead)');
});

test('a user who is not root reaches his own alone', async () => {
  expect(await placesRootReaches({}, 1000)).toEqual([]);
});

test.runIf(process.platform === 'linux')(
  "sudo shares neither the home of a user who has VMs, nor that user's disks",
  async () => {
    const dir = await mkdtemp(join(tmpdir(), 'bh-users-'));
    const home = join(dir, 'home');
    const state = join(home, '.local/state/bulkhead/default');
    const disk = join(dir, 'disks/data.raw');
    const shared = async (path: string, beside: readonly ProtectedDirectory[]): Promise<string> => {
      const requests = [{ path, readOnly: false }];
      const [share] = await openShares(requests, beside, undefined, 'server');
      await share?.handle.close();
      return share?.hidden.map((hidden) => hidden.path).join() ?? '';
    };
    try {
      for (const made of [state, join(dir, 'disks'), join(home, 'project')])
        await mkdir(made, { recursive: true });
      await writeFile(disk, '');
      await writeFile(join(state, 'disk.json'), JSON.stringify({ format: 1, file: disk }));
      const passwd = `u:x:12345:12345::${home}:/bin/sh\nother:x:12346:1::${dir}/none:/bin/sh\n`;
      const beside = await placesRootReaches({ SUDO_UID: '12345' }, 0, passwd);
      expect(beside.map(({ path }) => path)).toEqual([join(home, '.local/state/bulkhead'), state, disk]);
      expect(await shared(home, [])).toBe('');
      expect(await shared(home, beside)).toBe('.local/state/bulkhead');
      expect(await shared(join(home, 'project'), beside)).toBe('');
      await expect(shared(state, beside)).rejects.toThrow(`holds or lies in the state of engines and VMs (`);
      expect(await shared(join(dir, 'disks'), beside)).toBe('data.raw');
      // In native mode nothing can be hidden.
      for (const path of [home, join(dir, 'disks')]) {
        const opened = openShares([{ path, readOnly: false }], beside);
        await expect(opened).rejects.toMatchObject({ code: 'BH_SHARE_PROTECTED' });
      }
    } finally {
      await rm(dir, { recursive: true });
    }
  },
);

describe.runIf(process.getuid?.() === 0)('what a link of a user’s leads to', () => {
  let dir = '';
  let config = '';
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'bh-led-'));
    config = join(dir, 'home/.config/bulkhead');
    for (const made of ['home/.config', 'home/own', 'project/src', 'project/of-user'])
      await mkdir(join(dir, made), { recursive: true });
    for (const theirs of ['home', 'home/.config', 'home/own', 'project/of-user'])
      await chown(join(dir, theirs), 12_345, 12_345);
  });
  afterEach(() => rm(dir, { recursive: true }));

  /** What root's share of the project has hidden. */
  const hidden = async (target: string, owner = 12_345): Promise<string> => {
    await symlink(target, config);
    await lchown(config, owner, owner);
    const passwd = `u:x:12345:12345::${dir}/home:/bin/sh\n`;
    const beside = await placesRootReaches({}, 0, passwd);
    expect(beside.map(({ path }) => path)).toEqual([config]);
    const request = { path: join(dir, 'project'), readOnly: false };
    const opened = await openShares([request], beside, undefined, 'server');
    await closeShares(opened);
    return opened.flatMap((share) => share.hidden.map(({ path }) => path)).join();
  };

  test.each(['/', '../../project', '../../project/src', '../../project/src/../../home/own'])(
    'counts for root where it is that user’s alone: %s is not, or is not led to by what is',
    async (target) => {
      expect(await hidden(target)).toBe('');
    },
  );

  test('counts where it is that user’s, and not by a link of somebody else’s', async () => {
    expect(await hidden('../../project/of-user')).toBe('of-user');
    await rm(config);
    await chown(join(dir, 'home/.config'), 0, 0);
    expect(await hidden('../../project/of-user', 12_346)).toBe('');
    // What root has led there it has meant.
    await rm(config);
    await chown(join(dir, 'home'), 0, 0);
    expect(await hidden('../../project/src', 0)).toBe('src');
  });

  test('counts as what a VM of the person who ran sudo has its state in', async () => {
    const state = join(dir, 'home/.local/state/bulkhead');
    await mkdir(state, { recursive: true });
    await symlink(join(dir, 'project/of-user'), join(state, 'elsewhere'));
    await lchown(join(state, 'elsewhere'), 12_345, 12_345);
    const passwd = `u:x:12345:12345::${dir}/home:/bin/sh\n`;
    const beside = await placesRootReaches({ SUDO_UID: '12345' }, 0, passwd);
    const request = { path: join(dir, 'project'), readOnly: false };
    const [share] = await openShares([request], beside, undefined, 'server');
    await share?.handle.close();
    expect(share?.hidden).toMatchObject([{ path: 'of-user' }]);
  });
});
