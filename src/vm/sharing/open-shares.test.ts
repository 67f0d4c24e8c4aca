import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { execa } from 'execa';
import { mkdir, mkdtemp, open, rename, rm, rmdir, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { closeShares, openShares, type SharedPlace } from './open-shares.js';

let dir: string;
let outside: string;
beforeEach(async () => {
  outside = await mkdtemp(join(tmpdir(), 'bulkhead-open-shares-'));
  dir = await mkdtemp(join(tmpdir(), 'bulkhead-open-shares-'));
  await mkdir(join(dir, 'a/b'), { recursive: true });
  await mkdir(join(dir, 'data'));
  await writeFile(join(dir, 'file'), '');
  await symlink('a', join(dir, 'link'));
  await symlink('/etc', join(dir, 'system'));
});
afterEach(async () => {
  for (const made of [dir, outside]) await rm(made, { recursive: true });
});

const opened = async (names: readonly string[]): Promise<string[]> => {
  const shares = await openShares(
    names.map((name) => ({ path: name.startsWith('/') ? name : join(dir, name), readOnly: name === 'a' })),
    [
      { path: join(dir, 'data'), what: "the engine's data" },
      { path: join(dir, 'missing'), what: 'nothing' },
    ],
  );
  for (const handle of new Set(shares.map((share) => share.handle))) await handle.close();
  return shares.map(({ path, readOnly }) => `${path.slice(dir.length + 1)}${readOnly ? ':ro' : ''}`);
};

test.runIf(process.platform === 'linux')(
  'a directory is opened, and a link appears by both names',
  async () => {
    expect(await opened(['a'])).toEqual(['a:ro']);
    expect(await opened(['link'])).toEqual(['link', 'a']);
  },
);

test.runIf(process.platform === 'linux').each([
  ['missing', 'BH_SHARE_UNUSABLE', 'it does not exist'],
  ['file', 'BH_SHARE_UNUSABLE', 'it is not a directory'],
  ['a\nb', 'BH_SHARE_UNUSABLE', 'control characters'],
  ['data', 'BH_SHARE_PROTECTED', "the engine's data"],
  ['', 'BH_SHARE_PROTECTED', "the engine's data"],
  ['system', 'BH_SHARE_PROTECTED', '/etc'],
  ['/proc/self', 'BH_SHARE_PROTECTED', 'the system itself'],
  ['/', 'BH_SHARE_PROTECTED', 'the whole machine'],
])('%j is refused with %s', async (name, code, text) => {
  await expect(opened([name])).rejects.toMatchObject({ code });
  await expect(opened([name])).rejects.toThrow(text);
});

test.runIf(process.getuid?.() === 0 && existsSync('/dev/fuse'))(
  'a file system whose server is gone is refused with what it says, and the name of the directory (as root, with /dev/fuse)',
  async () => {
    const dead = join(dir, 'a/b');
    const device = await open('/dev/fuse', 'r+');
    const options = 'fd=0,rootmode=40000,user_id=0,group_id=0';
    const words = ['-i', '-t', 'fuse', '-o', options, 'none', dead];
    const mounting = spawn('/usr/bin/mount', words, { stdio: [device.fd, 'ignore', 'inherit'] });
    expect(await once(mounting, 'exit')).toEqual([0, null]);
    await device.close();
    try {
      await expect(opened(['a/b'])).rejects.toMatchObject({ code: 'BH_SHARE_UNUSABLE' });
      await expect(opened(['a/b'])).rejects.toThrow(/a\/b can't be shared with containers: ENOTCONN/);
    } finally {
      await execa('umount', [dead]);
    }
  },
);

test.runIf(process.platform === 'linux')(
  'what is ours in a directory is hidden from its server',
  async () => {
    // Led to by a link that nobody has who has the directory.
    const beside = [{ path: join(outside, 'by-link'), what: "the engine's data" }];
    await symlink(join(dir, 'data'), join(outside, 'by-link'));
    const [share, ...others] = await openShares(
      [{ path: dir, readOnly: false }],
      beside,
      undefined,
      'server',
    );
    await share?.handle.close();
    const { ino: inode } = await stat(join(dir, 'data'), { bigint: true });
    expect([share?.hidden, others]).toEqual([[expect.objectContaining({ path: 'data', inode })], []]);
    for (const path of [join(dir, 'data'), '/', '/etc', '/var/lib'])
      await expect(
        openShares([{ path, readOnly: false }], beside, undefined, 'server'),
      ).rejects.toMatchObject({
        code: 'BH_SHARE_PROTECTED',
      });
  },
);

test.runIf(process.platform === 'linux')(
  'a link to what is ours is nobody’s to have, but where it is hidden with what holds it',
  async () => {
    await symlink(join(dir, 'a'), join(dir, 'data/leads'));
    await symlink('data/leads/b', join(dir, 'by-link'));
    const shared = async (by: 'mount' | 'server', ...paths: readonly string[]): Promise<string> => {
      const beside = paths.map((path) => ({ path: join(dir, path), what: 'a policy' }));
      const shares = await openShares([{ path: dir, readOnly: false }], beside, undefined, by);
      await closeShares(shares);
      return shares.flatMap(({ hidden }) => hidden.map(({ path }) => path)).join();
    };
    expect(await shared('server', 'a/b', 'data', 'data/leads/b')).toBe('a/b,data');
    const refused = `holds or lies in ${dir}/by-link, which leads to ${dir}/by-link, a policy`;
    await expect(shared('server', 'data', 'by-link')).rejects.toThrow(refused);
    await expect(shared('server', 'data/leads/b')).rejects.toThrow(`${dir}/data/leads, which leads to`);
    const beside = [{ path: join(outside, 'link/file'), what: 'a policy' }];
    await symlink(dir, join(outside, 'link'));
    await writeFile(join(dir, 'file'), '');
    await closeShares(await openShares([{ path: join(dir, 'a'), readOnly: false }], beside));
    const holding = openShares([{ path: outside, readOnly: false }], beside);
    await expect(holding).rejects.toThrow(`${outside}/link, which leads to`);
  },
);

test.runIf(process.platform === 'linux')(
  'what a link leaves by `..` is somebody’s to have where it is above what is hidden, so that nobody renames it',
  async () => {
    // As GNU stow makes them.
    const beside = ['config/own', 'config/own/settings'].map((path) => ({
      path: join(dir, path),
      what: 'the settings',
    }));
    for (const made of ['config/own', 'dotfiles']) await mkdir(join(dir, made), { recursive: true });
    await writeFile(join(dir, 'dotfiles/settings'), '{}');
    await symlink('../../dotfiles/settings', join(dir, 'config/own/settings'));
    const shared = async (by: 'mount' | 'server', kept = beside): Promise<string> => {
      const shares = await openShares([{ path: dir, readOnly: false }], kept, undefined, by);
      await closeShares(shares);
      return shares.flatMap(({ hidden }) => hidden.map(({ path }) => path)).join();
    };
    expect(await shared('server')).toBe('config/own,dotfiles/settings');
    await expect(shared('mount')).rejects.toMatchObject({ code: 'BH_SHARE_PROTECTED' });
    // Nothing below it is hidden, and so nothing keeps it where it is.
    await mkdir(join(dir, 'other/inner'), { recursive: true });
    await symlink(`${dir}/other/inner/../../dotfiles/settings`, join(dir, 'config/own/more'));
    const more = { path: join(dir, 'config/own/more'), what: 'the settings' };
    await expect(shared('server', [...beside, more])).rejects.toThrow(`${dir}/other/inner, which leads to`);
    // A link to a directory that is pinned is none itself.
    const byLink = { path: join(dir, 'linked/own/settings'), what: 'the settings' };
    await symlink('config', join(dir, 'linked'));
    await expect(shared('server', [...beside, byLink])).rejects.toThrow(`${dir}/linked, which leads to`);
  },
);

test.runIf(process.platform === 'linux')('a VM has slots for so many directories', async () => {
  const names = Array.from({ length: 17 }, (_, index) => join(dir, `many${index}`));
  for (const name of names) await mkdir(name);
  const requests = names.map((path) => ({ path, readOnly: false }));
  await expect(openShares(requests, [], undefined, 'server')).rejects.toThrow('no more than 16');
});

test.runIf(process.platform === 'linux')(
  'what was shared before counts by where it was found then, whatever has become of its name',
  async () => {
    const opened = async (name: string, earlier: readonly SharedPlace[] = []): Promise<SharedPlace> => {
      const request = { path: join(dir, name), readOnly: false };
      const shares = await openShares([request], [], undefined, 'server', earlier);
      for (const handle of new Set(shares.map((one) => one.handle))) await handle.close();
      const [first] = shares;
      if (first === undefined) throw new Error('nothing was opened');
      return { paths: shares.map(({ path }) => path), place: first.place };
    };
    for (const name of ['gone', 'moved', 'new', 'new/inner']) await mkdir(join(dir, name));
    const earlier = [await opened('gone'), await opened('moved')];
    await rmdir(join(dir, 'gone'));
    await rename(join(dir, 'moved'), join(dir, 'elsewhere'));
    await symlink(join(dir, 'new'), join(dir, 'moved'));
    await opened('new', earlier);
    await expect(opened('new/inner', [...earlier, await opened('new')])).rejects.toThrow(
      'one holds the other',
    );
    await mkdir(join(dir, 'gone/inner'), { recursive: true });
    await expect(opened('gone/inner', earlier)).rejects.toThrow('one holds the other');
    const sixteen = Array.from({ length: 16 }, (_, number) => ({
      paths: [`/there${number}`],
      place: { realPath: `/there${number}`, device: '0:0', within: `/${number}`, filesystem: 'ext4' },
    }));
    await opened('new', sixteen.slice(1));
    await expect(opened('new', sixteen)).rejects.toThrow('no more than 16');
  },
);

test.runIf(process.platform === 'linux').each([
  ['a', 'a'],
  ['a', 'a/b'],
  ['a/b', 'a'],
  ['a', 'link'],
])('%s and %s are not shared at once', async (one, other) => {
  await expect(opened([one, other])).rejects.toMatchObject({ code: 'BH_SHARE_NESTED' });
});

test.runIf(process.platform === 'linux')('G06 only what lies in an allowed directory is opened', async () => {
  await symlink('/', join(dir, 'a/out'));
  await symlink('a', join(dir, 'in'));
  const share = async (path: string, ...directories: string[]): Promise<number> => {
    const allowed = { directories: directories.map((name) => join(dir, name)), contact: 'Ada' };
    const shares = await openShares([{ path: join(dir, path), readOnly: false }], [], allowed);
    for (const handle of new Set(shares.map((one) => one.handle))) await handle.close();
    return shares.length;
  };
  expect(await share('a', 'a')).toBe(1);
  expect(await share('a/b', 'a')).toBe(1);
  // By a link into it, and where the allowed directory is one itself.
  expect(await share('link/b', 'a')).toBe(2);
  expect(await share('a/b', 'in')).toBe(1);
  await mkdir(join(dir, 'ab'));
  for (const path of ['data', 'ab', '.', 'a/../data', `a/out${dir}/data`])
    await expect(share(path, 'a')).rejects.toMatchObject({ code: 'BH_SHARE_NOT_ALLOWED' });
  await expect(share('a')).rejects.toThrow('allows: none. Setting: filesharingAllowedDirectories');
  await expect(share('a', 'missing')).rejects.toMatchObject({ code: 'BH_SHARE_NOT_ALLOWED' });
});

/** Where any user may mount what they like on a directory that is allowed. */
test.runIf(process.platform === 'linux')(
  'under a policy nothing is shared from a user namespace of one’s own',
  async () => {
    const module = new URL('../../../dist/vm/sharing/open-shares.js', import.meta.url);
    const script = `
      const { openShares } = await import('${module.href}');
      const allowed = { directories: ['${dir}'], contact: 'them' };
      for (const policy of [undefined, allowed])
        await openShares([{ path: '${join(dir, 'a')}', readOnly: false }], [], policy)
          .then(() => console.log('shared'), (error) => console.log(error.code));
      process.exit(0);`;
    const node = [process.execPath, '--input-type=module', '-e', script];
    const said = async (command: readonly string[]): Promise<string> =>
      (await execa('/usr/bin/env', command)).stdout;
    expect(await said(node)).toBe('shared\nshared');
    expect(await said(['unshare', '--user', '--map-root-user', ...node])).toBe('shared\nBH_SHARE_NAMESPACE');
  },
);
