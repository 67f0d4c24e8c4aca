import { mkdir, mkdtemp, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { sharedRecordsIn } from '../instance/paths.js';
import { type HostPlace, identityOf } from './host-place.js';
import { claimPlaces, type NamePlace, reaches } from './places-shared.js';
import { type RecordedShare, recordOfRequests, recordShares, runningRecords } from './recorded-shares.js';
import type { UsedPlace } from './used-places.js';

describe('a share', () => {
  const at = (within: string, device = '8:1'): HostPlace => ({
    realPath: device === '8:1' ? `/disk${within}` : `/elsewhere${within}`,
    device,
    within,
    filesystem: 'ext4',
  });
  const name = (
    place: HostPlace,
    { isLast = true, identities = ['/', 'it'], below = [] as readonly string[] } = {},
  ): NamePlace => ({ place, identities, below, isLast });
  const share = { place: at('/home/u'), identity: 'share', hidden: ['state'] };

  test.each([
    ['a file in it', name(at('/home/u/policy')), true],
    ['itself', name(at('/home/u')), true],
    ['a link in it', name(at('/home/u/link'), { isLast: false }), true],
    ['what is in it by another name', name({ ...at('/home/u/x'), realPath: '/mnt/x' }), true],
    [
      'what is mounted in it',
      name({ ...at('/x', '8:2'), realPath: '/disk/home/u/mounted' }, { identities: ['x'] }),
      true,
    ],
    ['what holds it', name(at('/home')), true],
    ['what was moved with it', name(at('/moved/x'), { identities: ['/', 'share', 'x'] }), true],
    ['a directory above it on the way', name(at('/home'), { isLast: false }), false],
    ['what is beside it', name(at('/home/user')), false],
    ['another file system', name(at('/home/u/x', '8:2')), false],
    ['what is hidden', name(at('/home/u/s'), { identities: ['/', 'u', 'state'] }), false],
    ['what is below that', name(at('/home/u/s/d'), { identities: ['/', 'u', 'state', 'd'] }), false],
    ['what a way leaves above it', name(at('/home/u/c'), { below: ['state', 'd'], isLast: false }), false],
    ['what a way leaves above what is seen', name(at('/home/u/c'), { below: ['d'], isLast: false }), true],
    ['what holds what is hidden and is used itself', name(at('/home/u/c'), { below: ['state'] }), true],
  ])('%s: %o reached: %s', (_what, placed, reached) => {
    expect(reaches(share, placed)).toBe(reached);
  });
});

describe.runIf(process.platform === 'linux')('what an engine or VM goes by', () => {
  let root = '';
  let policy = '';
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'bh-places-'));
    policy = join(root, 'project/policy.json');
    for (const made of ['bulkhead/first', 'bulkhead/second', 'project', 'outside'])
      await mkdir(join(root, made), { recursive: true });
    await writeFile(policy, '{}');
  });
  afterEach(() => rm(root, { recursive: true }));

  const recordsOf = (name: string) => sharedRecordsIn(join(root, 'bulkhead', name));
  const projectNow = async (): Promise<RecordedShare> => {
    const [recorded] = await recordOfRequests([{ path: dirname(policy), readOnly: false }]);
    if (recorded === undefined) throw new Error('nothing was recorded');
    return recorded;
  };
  const shares = async (readOnly = false, ...hidden: readonly string[]): Promise<void> =>
    recordShares(recordsOf('first').vm, {
      directories: [{ ...(await projectNow()), readOnly, hidden: [...hidden] }],
      uses: [],
    });
  const claim = (...uses: readonly UsedPlace[]): ReturnType<typeof claimPlaces> =>
    claimPlaces({ file: recordsOf('second').vm, uses, contact: 'Ada' });
  const governing = (path: string): UsedPlace => ({ path, what: 'a policy' });
  const identity = async (path: string): Promise<string> => identityOf(await stat(path, { bigint: true }));

  test('is nobody else’s where nothing is shared, and said before it is looked at', async () => {
    await claim(governing(policy));
    await recordShares(recordsOf('first').engine, {
      directories: [{ path: join(root, 'outside'), readOnly: false, hidden: [] }],
      uses: [],
    });
    const record = await claim(governing(policy));
    await shares();
    await expect(claim(governing(policy))).rejects.toThrow('rule places-of-others');
    expect((await runningRecords(join(root, 'bulkhead'))).at(-1)?.uses).toEqual([governing(policy)]);
    // It is no rival of its own.
    await record([{ path: dirname(policy), readOnly: false, hidden: [] }]);
    await rm(recordsOf('first').vm);
    await claim(governing(policy));
  });

  test('is not to be in what containers of another have', async () => {
    await shares();
    const refused = (await claim(governing(policy)).catch(String)).toString();
    expect(refused).toContain(
      `${policy} is a policy, and containers of the VM "first", which runs, reach it: `,
    );
    expect(refused).toContain(`${dirname(policy)} is shared with them`);
    expect(refused).toContain('Setting: bulkhead.shares, --share.');
    expect(refused).toContain(
      '`bulkhead down --name first`, start this one, then `bulkhead up --name first`',
    );
    expect(refused).toContain('ask Ada');
  });

  test('is not to be reached by a link in there, nor to be made there', async () => {
    const link = join(root, 'project/link');
    await writeFile(join(root, 'outside/policy.json'), '{}');
    await symlink('../outside', link);
    await shares();
    await claim(governing(join(root, 'outside/policy.json')));
    const path = join(link, 'policy.json');
    const onTheWay = { name: link, what: `on the way to ${path}, a policy` };
    await expect(claim(governing(path))).rejects.toMatchObject({ params: onTheWay });
    const none = join(root, 'project/none');
    await expect(claim(governing(join(none, 'x')))).rejects.toMatchObject({ params: { name: none } });
  });

  test('may be led to by `..` out of what is hidden, and not out of what is seen', async () => {
    const [own, file] = [join(root, 'project/config/own'), join(root, 'project/dotfiles')];
    const link = join(own, 'settings');
    await mkdir(own, { recursive: true });
    await writeFile(file, '{}');
    await symlink('../../dotfiles', link);
    const uses = [governing(own), governing(link)];
    await shares(false, await identity(own), await identity(file));
    await claim(...uses);
    await shares(false, await identity(file));
    await expect(claim(governing(link))).rejects.toMatchObject({ params: { name: link } });
    // The link is nobody's to change, but what it leaves is.
    const outer = join(root, 'outside/settings');
    await mkdir(join(root, 'project/a/b'), { recursive: true });
    await symlink(`${root}/project/a/b/../../dotfiles`, outer);
    await expect(claim(governing(outer))).rejects.toMatchObject({
      params: { name: join(root, 'project/a/b') },
    });
  });

  test('may be there where it is hidden, for as long as it is that file', async () => {
    await shares(false, await identity(policy));
    await claim(governing(policy));
    await writeFile(`${policy}.new`, '{}');
    await rename(`${policy}.new`, policy);
    await expect(claim(governing(policy))).rejects.toMatchObject({ code: 'BH_PLACE_SHARED' });
  });

  test('may be read by others, but for what is secret', async () => {
    await shares(true);
    await claim(governing(policy));
    await expect(claim({ ...governing(policy), secret: true })).rejects.toMatchObject({
      code: 'BH_PLACE_SHARED',
    });
  });

  test('is not to be in a directory that was moved since, nor to be made where it was', async () => {
    await shares();
    await rename(join(root, 'project'), join(root, 'moved'));
    for (const path of [policy, join(root, 'moved/policy.json')])
      await expect(claim(governing(path))).rejects.toMatchObject({ code: 'BH_PLACE_SHARED' });
  });

  test('may be where others share what can’t be looked at, but not in what that was', async () => {
    const path = join(root, 'loop');
    await symlink('loop', path);
    const broken = (identity?: string): Promise<void> =>
      recordShares(recordsOf('first').vm, {
        directories: [{ path, ...(identity === undefined ? {} : { identity }), readOnly: false, hidden: [] }],
        uses: [],
      });
    await broken();
    await claim(governing(policy));
    await expect(claim(governing(root))).rejects.toMatchObject({ code: 'BH_PLACE_SHARED' });
    await broken(await identity(dirname(policy)));
    await expect(claim(governing(policy))).rejects.toMatchObject({ code: 'BH_PLACE_SHARED' });
  });

  test('is not asked of one that has ended', async () => {
    const directories = [await projectNow()];
    const ended = { format: 2, owner: { pid: process.pid, started: 'earlier' }, uses: [], directories };
    await writeFile(recordsOf('first').vm, JSON.stringify(ended));
    await expect(claim(governing(policy))).resolves.toBeDefined();
  });
});
