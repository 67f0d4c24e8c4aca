import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openShares } from './open-shares.js';
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
      expect(beside.map(({ path }) => path)).toEqual([join(home, '.local/state/bulkhead'), disk]);
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
