import { expect, test } from 'vitest';
import type { Place } from '../isolation/request.js';
import { LiveShares, type SharePlaces } from './live-shares.js';

const settings = { configurationFileVersion: 2 } as const;
const rootOf = (path: string): Place => ({ path, device: `0:${path.length}`, within: '/' });

function setUp({ refused = '', user = '', mounted = [] as readonly string[] } = {}) {
  const ran: string[] = [];
  const places: SharePlaces = {
    run: async (args) => {
      ran.push(args.join(' '));
      if (refused !== '' && args[0] === refused)
        throw Object.assign(new Error('status 1'), { stderr: 'it does not want to\n' });
    },
    mounted: (paths) => paths.filter((path) => mounted.includes(path)),
    rootsOf: (paths) => paths.map(rootOf),
    userOf: (roots) => (user !== '' && roots.some(({ path }) => path === user) ? 'container abc' : undefined),
  };
  const shares = new LiveShares([rootOf('/a')], settings, places);
  return { shares, ran };
}

test('a directory that comes is placed before anybody may bind it, by the lists that gate and rules hold', async () => {
  const { shares, ran } = setUp();
  const { directories, roots } = shares;
  const change = { kind: 'add', device: 3, readOnly: true, paths: ['/b', '/link'] };
  expect(await shares.change(change)).toEqual({ kind: 'done' });
  expect(ran).toEqual(['add 3 ro /b /link']);
  expect([directories, roots.map(({ path }) => path)]).toEqual([
    ['/a', '/b', '/link'],
    ['/a', '/b', '/link'],
  ]);
  // bulkheadd may be told again after it was started again.
  expect(await shares.change(change)).toEqual({ kind: 'done' });
  expect(directories).toEqual(['/a', '/b', '/link']);
});

test('one that can’t be placed is not there, and what was there before stays', async () => {
  const { shares, ran } = setUp({ refused: 'add' });
  const answer = await shares.change({ kind: 'add', device: 3, readOnly: false, paths: ['/b', '/a'] });
  expect(answer).toEqual({
    kind: 'error',
    code: 'BH_SHARE_NOT_PLACED',
    params: { path: '/b', reason: 'it does not want to' },
  });
  expect(ran).toEqual(['add 3 rw /b /a', 'remove /b']);
  expect(shares.directories).toEqual(['/a']);
});

test('one that goes is unmounted, another name of it first', async () => {
  const { shares, ran } = setUp();
  await shares.change({ kind: 'add', device: 3, readOnly: false, paths: ['/b', '/link'] });
  expect(await shares.change({ kind: 'remove', paths: ['/b', '/link'] })).toEqual({ kind: 'done' });
  expect(ran.slice(1)).toEqual(['remove /link', 'remove /b']);
  expect([shares.directories, shares.roots.map(({ path }) => path)]).toEqual([['/a'], ['/a']]);
});

test('one that somebody uses stays, and its user is named', async () => {
  const { shares, ran } = setUp({ user: '/a' });
  expect(await shares.change({ kind: 'remove', paths: ['/a'] })).toEqual({
    kind: 'error',
    code: 'BH_SHARE_IN_USE',
    params: { path: '/a', user: 'container abc' },
  });
  expect(ran).toEqual([]);
  expect([shares.directories, shares.roots]).toEqual([['/a'], [rootOf('/a')]]);
});

test('one that the host takes away by force goes also where somebody uses it', async () => {
  const { shares, ran } = setUp({ user: '/a' });
  expect(await shares.change({ kind: 'remove', paths: ['/a', '/link'], force: true })).toEqual({
    kind: 'done',
  });
  expect(ran).toEqual(['detach /link', 'detach /a']);
  expect([shares.directories, shares.roots]).toEqual([[], []]);
});

test('one that an earlier bulkheadd has mounted stays as well where it is used, before this one is told of it', async () => {
  const { shares, ran } = setUp({ user: '/b', mounted: ['/b'] });
  expect(await shares.change({ kind: 'remove', paths: ['/b'] })).toMatchObject({
    code: 'BH_SHARE_IN_USE',
    params: { path: '/b', user: 'container abc' },
  });
  expect([ran, shares.directories]).toEqual([[], ['/a']]);
  const free = setUp({ mounted: ['/b'] });
  expect(await free.shares.change({ kind: 'remove', paths: ['/b', '/gone'] })).toEqual({ kind: 'done' });
  expect(free.ran).toEqual(['remove /gone', 'remove /b']);
});

test('what it has mounted is not unmounted where this one can’t take it up', async () => {
  const { shares, ran } = setUp({ refused: 'add', mounted: ['/b'] });
  await shares.change({ kind: 'add', device: 3, readOnly: false, paths: ['/b', '/c'] });
  expect(ran).toEqual(['add 3 rw /b /c', 'remove /c']);
  expect(shares.directories).toEqual(['/a']);
});

test('one that can’t be unmounted stays as well', async () => {
  const { shares } = setUp({ refused: 'remove' });
  expect(await shares.change({ kind: 'remove', paths: ['/a'] })).toMatchObject({
    code: 'BH_SHARE_NOT_PLACED',
  });
  expect([shares.directories, shares.roots]).toEqual([['/a'], [rootOf('/a')]]);
});

test.each([
  { kind: 'add', device: -1, readOnly: false, paths: ['/b'] },
  { kind: 'add', device: 1, readOnly: false, paths: [] },
  { kind: 'add', device: 1, readOnly: false, paths: ['/b'], more: 1 },
  { kind: 'mount', paths: ['/b'] },
  undefined,
])('%j is no change', async (change) => {
  const { shares, ran } = setUp();
  await expect(shares.change(change)).rejects.toThrow('"code"');
  expect(ran).toEqual([]);
});

test('the policy’s word is held against it once more', async () => {
  const ran: string[] = [];
  const places: SharePlaces = {
    run: async (args) => void ran.push(args.join(' ')),
    mounted: () => [],
    rootsOf: (paths) => paths.map(rootOf),
    userOf: () => undefined,
  };
  const allowed = [{ path: '/nowhere', sharedByDefault: false }];
  const change = { kind: 'add', device: 1, readOnly: false, paths: ['/tmp'] };
  const under = new LiveShares([], { ...settings, filesharingAllowedDirectories: allowed }, places);
  expect(await under.change(change)).toMatchObject({ code: 'BH_SHARE_NOT_ALLOWED' });
  expect(ran).toEqual(['add 1 rw /tmp', 'remove /tmp']);
  expect(under.directories).toEqual([]);
  expect(await new LiveShares([], settings, places).change(change)).toEqual({ kind: 'done' });
});
