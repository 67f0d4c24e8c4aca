import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import type { SourceFact } from '../../isolation/plan.js';
import { namespaceMagic, namespaceMount } from '../../runtime/facts.js';
import { type HeldPath, pathsToHold, readNamespaceFact } from './namespace-facts.js';
import { openProcess, type ProcessView } from './process-view.js';

const path = '/proc/374/ns/net';
const userPath = '/proc/374/ns/user';
const container = { containerId: 'c1', size: 65_536 };
const holderOf = (base: number) => (base === 100_000 ? container : undefined);

/** A namespace as the front door reports it. */
function held(
  index: number,
  asked: string,
  realPath: string,
  owner: string,
  over: Partial<Extract<SourceFact, { opened: true }>> = {},
): HeldPath {
  const fact: SourceFact = {
    path: asked,
    opened: true,
    realPath,
    kind: 'file',
    rdev: '0:0',
    device: '0:4',
    inode: /\d+/.exec(realPath)?.[0] ?? '0',
    filesystemMagic: namespaceMagic,
    mount: namespaceMount,
    namespaceOwner: owner,
    ...over,
  };
  return { index, fact };
}

const heldPair = [
  held(4, path, 'net:[4026532700]', '4026532701'),
  held(5, userPath, 'user:[4026532701]', '1'),
];

/** Processes by pid, as /proc shows them at the time of the look. */
interface Shown {
  readonly net?: string;
  readonly user?: string;
  readonly uids?: string;
  readonly gids?: string;
}
function world(process: Shown | undefined) {
  const show = (shown: Shown): ProcessView => ({
    namespace: (kind) =>
      kind === 'user' ? (shown.user ?? 'user:[4026532701]') : (shown.net ?? 'net:[4026532700]'),
    idMap: (kind) => (kind === 'uid' ? shown.uids : shown.gids) ?? '         0     100000      65536\n',
    [Symbol.dispose]: () => undefined,
  });
  return {
    holderOf,
    open: (pid: string) => {
      if (pid === 'self') return show({ net: 'net:[4026531840]', user: 'user:[4026531837]' });
      if (process === undefined) throw new Error('ENOENT');
      return show(process);
    },
  };
}

test('a namespace of a running container is known by what is held', () => {
  expect(readNamespaceFact(path, heldPair, world({}))).toEqual({
    path,
    kind: 'container',
    ownerContainerId: 'c1',
    ownerIds: { base: 100_000, size: 65_536 },
    userNamespace: '4026532701',
    index: 4,
    userIndex: 5,
  });
});

test('the front door holds each namespace and the user namespace of its process, once', () => {
  expect(pathsToHold([path, '/proc/374/ns/ipc', '/run/docker/netns/default'])).toEqual([
    path,
    '/proc/374/ns/ipc',
    '/run/docker/netns/default',
    userPath,
  ]);
});

describe('the pid is used again', () => {
  test.each<[string, Shown | undefined]>([
    ['and was the container of another network', { net: 'net:[4026532900]' }],
    ['by a process of the host', { net: 'net:[4026531840]', user: 'user:[4026531837]' }],
    ['by a container, after the front door held a namespace of the host', { user: 'user:[4026532999]' }],
    ['by nobody', undefined],
  ])('%s: unknown', (_, process) => {
    expect(readNamespaceFact(path, heldPair, world(process))).toEqual({ path, kind: 'unknown' });
  });

  test('between the two descriptors: their owner tells', () => {
    const swapped = [held(4, path, 'net:[4026532700]', '4026531837'), ...heldPair.slice(1)];
    expect(readNamespaceFact(path, swapped, world({})).kind).toBe('unknown');
  });
});

test.each<[string, readonly HeldPath[], Shown]>([
  ['ids nobody leased', heldPair, { uids: '0 200000 65536', gids: '0 200000 65536' }],
  ['a part of a range', heldPair, { uids: '0 100000 1', gids: '0 100000 1' }],
  ['two ranges', heldPair, { uids: '0 100000 65536\n65536 0 1' }],
  ['other groups than users', heldPair, { gids: '0 0 65536' }],
  ['all ids', heldPair, { uids: '0 0 4294967295', gids: '0 0 4294967295' }],
  ['no user namespace held', heldPair.slice(0, 1), {}],
  ['nothing held', [], {}],
  [
    'a file with the name of a namespace',
    [held(4, path, 'net:[4026532700]', '4026532701'), held(5, userPath, '/tmp/user:[4026532701]', '1')],
    { user: '/tmp/user:[4026532701]' },
  ],
  ['a path that could not be opened', [{ index: 4, fact: { path, opened: false, errno: 2 } }], {}],
])('%s: unknown', (_, pair, process) => {
  expect(readNamespaceFact(path, pair, world(process))).toEqual({ path, kind: 'unknown' });
});

test("the host's namespace is known by its number, also where a file is mounted on", () => {
  const mounted = held(4, '/run/docker/netns/default', '/run/docker/netns/default', '', {
    inode: '4026531840',
  });
  expect(readNamespaceFact(mounted.fact.path, [mounted], world(undefined)).kind).toBe('host');
  const other = held(4, '/run/docker/netns/1a2b', '/run/docker/netns/1a2b', '', { inode: '4026532700' });
  expect(readNamespaceFact(other.fact.path, [other], world(undefined)).kind).toBe('unknown');
  /* A file elsewhere may have any inode number. */
  const { mount } = heldPair[0]?.fact.opened === true ? heldPair[0].fact : { mount: undefined };
  if (mount === undefined) throw new Error('the pair is opened');
  const file = held(4, '/tmp/x', '/tmp/x', '', {
    inode: '4026531840',
    mount: { ...mount, filesystem: 'ext4' },
  });
  expect(readNamespaceFact(file.fact.path, [file], world(undefined)).kind).toBe('unknown');
});

test('a process that has ended says nothing more, whoever has its pid', async () => {
  const child = spawn('cat', { stdio: 'pipe' });
  await once(child, 'spawn');
  using view = openProcess(String(child.pid));
  using self = openProcess('self');
  expect(view.namespace('user')).toBe(self.namespace('user'));
  expect(view.idMap('uid')).toMatch(/^\s*0/);
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(() => view.namespace('user')).toThrow(/ENOENT|ESRCH/);
  expect(() => view.idMap('uid')).toThrow(/ENOENT|ESRCH/);
});
