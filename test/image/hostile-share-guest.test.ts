import { execa } from 'execa';
import { constants } from 'node:fs';
import { lstat, mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { createLogger } from '../../src/common/log.js';
import { loadManifest, shareServerOf } from '../../src/image/index.js';
import { openShares } from '../../src/vm/sharing/open-shares.js';
import { serveShares } from '../../src/vm/sharing/serve-shares.js';
import {
  type Answer,
  changed,
  FuseGuest,
  named,
  operation,
  packed,
  requestOf,
  rootNode,
} from '../support/fuse-guest.ts';

/**
 * Row D14 with a guest whose kernel is the attacker: guard and virtiofsd as `up` starts them, of the image, and at the other end no kernel that would tidy up what is asked.
 */
const { S_IFREG, S_IFBLK, S_IFCHR, O_RDWR: readWrite, O_CREAT, O_TRUNC } = constants;
const regular = S_IFREG | 0o644;
let dir = '';
let undo: AsyncDisposableStack;
let guest: FuseGuest;

beforeEach(async () => {
  undo = new AsyncDisposableStack();
  dir = await mkdtemp(join(tmpdir(), 'bulkhead-share-guest-'));
  undo.defer(() => rm(dir, { recursive: true }));
  for (const name of ['run', 'outside', 'share/below/deep'])
    await mkdir(join(dir, name), { recursive: true });
  await writeFile(join(dir, 'outside/secret'), 'of the host', { mode: 0o600 });
  await writeFile(join(dir, 'share/file'), 'of the share');
  await symlink('../outside/secret', join(dir, 'share/link'));
  await symlink('/', join(dir, 'share/top'));
  await execa('mknod', [join(dir, 'share/null'), 'c', '1', '3']);
  await execa('mkfifo', [join(dir, 'share/pipe')]);
  const imageDir = inject('imageDir');
  const program = shareServerOf(imageDir, await loadManifest(imageDir));
  if (program === undefined) throw new Error('the image has no server of shared directories');
  const shares = await openShares([{ path: join(dir, 'share'), readOnly: false }], [], undefined, 'server');
  for (const { handle } of shares) undo.defer(() => handle.close());
  const servers = undo.use(
    await serveShares(shares, program, {
      runtimeDir: join(dir, 'run'),
      logger: createLogger('test', { write: () => undefined }),
      signal: AbortSignal.timeout(60_000),
    }),
  );
  guest = undo.use(await FuseGuest.begun(servers.served[0]?.socket ?? ''));
});
afterEach(() => undo.disposeAsync());

const untouched = {
  names: ['secret'],
  secret: ['of the host', 0o600],
  beside: ['outside', 'run', 'share'],
};
/** What there is that is not shared. */
async function outside(): Promise<typeof untouched> {
  const secret = join(dir, 'outside/secret');
  return {
    names: await readdir(join(dir, 'outside')),
    secret: [await readFile(secret, 'utf8'), (await lstat(secret)).mode & 0o7777],
    beside: (await readdir(dir)).sort(),
  };
}

/** What became of each. */
async function outcomes(asked: Readonly<Record<string, Promise<Answer>>>): Promise<Record<string, string>> {
  const became = Object.entries(asked).map(async ([what, answer]) => [what, (await answer).error] as const);
  return Object.fromEntries(await Promise.all(became));
}

test('what a guest may, it can', async () => {
  const deep = await guest.node('deep', await guest.node('below'));
  const made = await guest.ask(operation.create, deep, packed(readWrite, regular, 0, 0), named('made'));
  expect(made.error).toBe('done');
  const [node, handle] = [made.data.readBigUInt64LE(0), made.data.readBigUInt64LE(128)];
  const text = Buffer.from('written');
  const wrote = await guest.ask(operation.write, node, packed(handle, 0n, text.length, 0, 0n, 0, 0), text);
  expect([wrote.error, await readFile(join(dir, 'share/below/deep/made'), 'utf8')]).toEqual([
    'done',
    'written',
  ]);
});

const outward = [
  '..',
  '../../..',
  '../outside/secret',
  'below/../../outside/secret',
  '/',
  '/etc/passwd',
  'link',
  'link/',
  'top/etc/passwd',
  'top/../../outside/secret',
  'below/deep/../../top/proc/self/root/etc/passwd',
];
test.each(outward)('%s as a name leads nowhere or into the share', async (name) => {
  const below = await guest.node('below');
  const parents = [rootNode, below, await guest.node('deep', below)];
  const inside = await inodesOf(join(dir, 'share'));
  for (const parent of parents) {
    const { error, data } = await guest.ask(operation.lookup, parent, named(name));
    const found = error === 'done' && inside.has(data.readBigUInt64LE(40)) ? 'in the share' : error;
    expect(found).toMatch(/^(in the share|ENOENT|ENOTDIR)$/);
    const made = named(`${name}/made`);
    const file = packed(await guest.node('file'));
    const asked = [
      guest.ask(operation.create, parent, packed(readWrite, regular, 0, 0), made),
      guest.ask(operation.mknod, parent, packed(regular, 0, 0, 0), made),
      guest.ask(operation.mkdir, parent, packed(0o755, 0), made),
      guest.ask(operation.symlink, parent, made, named('target')),
      guest.ask(operation.link, parent, file, made),
      guest.ask(operation.rename, parent, packed(rootNode), named(name), named('mine')),
      guest.ask(operation.rename2, rootNode, packed(parent, 2, 0), named('file'), named(name)),
      guest.ask(operation.unlink, parent, named(name)),
      guest.ask(operation.rmdir, parent, named(name)),
    ];
    // Some are done, in the share.
    await Promise.all(asked);
    expect(await outside()).toEqual(untouched);
  }
});

test('a directory that is moved out of the share leads to nothing above itself', async () => {
  const deep = await guest.node('deep', await guest.node('below'));
  await rename(join(dir, 'share/below'), join(dir, 'outside/below'));
  const asked = {
    'the one above': guest.ask(operation.lookup, deep, named('..')),
    'beside that': guest.ask(operation.lookup, deep, named('../../secret')),
    made: guest.ask(operation.create, deep, packed(readWrite, regular, 0, 0), named('../made')),
    renamed: guest.ask(operation.rename, deep, packed(rootNode), named('../../secret'), named('mine')),
  };
  expect(await outcomes(asked)).toEqual({
    'the one above': 'ENOENT',
    'beside that': 'ENOENT',
    made: 'ENOENT',
    renamed: 'ENOENT',
  });
  await rename(join(dir, 'outside/below'), join(dir, 'share/below'));
  expect(await outside()).toEqual(untouched);
});

test.each(['link', 'top', 'null', 'pipe'])(
  '%s, a link or special file of the host, is not opened',
  async (name) => {
    const node = await guest.node(name);
    const refused = {
      open: guest.ask(operation.open, node, packed(readWrite, 0)),
      'open and create': guest.ask(operation.open, node, packed(readWrite | O_CREAT | O_TRUNC, 0)),
      opendir: guest.ask(operation.opendir, node, packed(0, 0)),
      truncate: guest.ask(operation.setattr, node, changed(8, { size: 0n })),
      lookup: guest.ask(operation.lookup, node, named('secret')),
      create: guest.ask(operation.create, node, packed(readWrite, regular, 0, 0), named('made')),
      mkdir: guest.ask(operation.mkdir, node, packed(0o755, 0), named('made')),
      attribute: guest.ask(operation.setxattr, node, packed(1, 0), named('user.mine'), Buffer.from('x')),
      // Of a special file these are its own, in the share; of a link they would be those of what it leads to.
      mode: guest.ask(operation.setattr, node, changed(1, { mode: 0o777 })),
    };
    const { mode, ...others } = await outcomes(refused);
    expect(others).toEqual({
      open: 'EBADF',
      'open and create': 'EBADF',
      opendir: 'EBADF',
      truncate: 'EBADF',
      lookup: 'ENOTDIR',
      create: 'ENOTDIR',
      mkdir: 'ENOTDIR',
      attribute: 'ENOSYS',
    });
    expect(mode).toBe(['link', 'top'].includes(name) ? 'ENOTSUP' : 'done');
    expect(await outside()).toEqual(untouched);
  },
);

test('nothing is made that would be more on the host than a file of its user', async () => {
  const node = await guest.node('file');
  const capability = Buffer.from('0100000200200000002000000000000000000000', 'hex');
  const { user, ...refused } = await outcomes({
    'block device': guest.ask(operation.mknod, rootNode, packed(S_IFBLK | 0o666, 0x700, 0, 0), named('a')),
    'character device': guest.ask(
      operation.mknod,
      rootNode,
      packed(S_IFCHR | 0o666, 0x101, 0, 0),
      named('b'),
    ),
    mknod: guest.ask(operation.mknod, rootNode, packed(S_IFREG | 0o6755, 0, 0, 0), named('c')),
    create: guest.ask(operation.create, rootNode, packed(readWrite, S_IFREG | 0o6755, 0, 0), named('d')),
    mkdir: guest.ask(operation.mkdir, rootNode, packed(0o2755, 0), named('e')),
    setattr: guest.ask(operation.setattr, node, changed(1, { mode: S_IFREG | 0o4755 })),
    tmpfile: guest.ask(operation.tmpfile, rootNode, packed(readWrite, S_IFREG | 0o6755, 0, 0), named('')),
    capability: guest.ask(operation.setxattr, node, packed(20, 0), named('security.capability'), capability),
    trusted: guest.ask(operation.setxattr, node, packed(1, 0), named('trusted.mine'), Buffer.from('x')),
    user: guest.ask(operation.setattr, node, changed(2, { user: 1000 })),
  });
  expect(refused).toEqual({
    'block device': 'EPERM',
    'character device': 'EPERM',
    mknod: 'EPERM',
    create: 'EPERM',
    mkdir: 'EPERM',
    setattr: 'EPERM',
    tmpfile: 'ENOSYS',
    capability: 'ENOSYS',
    trusted: 'ENOSYS',
  });
  // It is said to be done, and the file is whose it was.
  expect(user).toBe('done');
  const status = await lstat(join(dir, 'share/file'));
  expect([status.uid, status.mode & 0o7777]).toEqual([process.getuid?.(), 0o644]);
  const { stdout } = await execa('find', [join(dir, 'share'), '-perm', '/6000']);
  expect(stdout).toBe('');
});

test('nodes and handles nobody gave it, and operations nobody has', async () => {
  const far = 0xdead_beefn;
  const asked = {
    lookup: guest.ask(operation.lookup, far, named('file')),
    open: guest.ask(operation.open, far, packed(0, 0)),
    read: guest.ask(operation.read, far, packed(far, 0n, 64, 0, 0n, 0, 0)),
    readdir: guest.ask(operation.readdir, rootNode, packed(far, 0n, 4096, 0, 0n, 0, 0)),
    write: guest.ask(operation.write, rootNode, packed(far, 0n, 1, 0, 0n, 0, 0), Buffer.from('x')),
    copy: guest.ask(operation.copyFileRange, rootNode, packed(far, 0n, rootNode, far, 0n, 64n, 0n)),
    mapping: guest.ask(operation.setupMapping, rootNode, packed(0n, 0n, 4096n, 1n, 0n)),
    ioctl: guest.ask(operation.ioctl, rootNode, packed(0n, 0, 0x1234, 0n, 0, 0)),
    unknown: guest.ask(4095, rootNode, Buffer.alloc(8)),
  };
  expect(await outcomes(asked)).toEqual({
    lookup: 'EBADF',
    open: 'EBADF',
    read: 'EBADF',
    readdir: 'EBADF',
    write: 'EBADF',
    copy: 'EBADF',
    mapping: 'ENOSYS',
    ioctl: 'ENOSYS',
    unknown: 'ENOSYS',
  });
});

/** As the program `fuse-guest` takes them, and what is said to each. The queue still holds the request that came first, INIT, which has an answer of 80 bytes. */
const lies: readonly (readonly [string, string, RegExp])[] = [
  ['a head alone', asHex(operation.lookup, Buffer.alloc(0)), /^ended$/],
  ['half a head', asHex(operation.lookup, Buffer.alloc(0)).slice(0, 34), /^ended$/],
  ['a name without an end', asHex(operation.lookup, Buffer.from('file')), /^ended$/],
  ['no name', asHex(operation.lookup, named('')), /^10000000feffffff/],
  ['a request longer than it is', asHex(operation.lookup, named('file'), 0xffff_ffff), /^10000000f4ffffff/],
  ['a request shorter than it is', asHex(operation.lookup, named('file'), 3), /^ended$/],
  [
    'a write of more than it has',
    asHex(operation.write, packed(0n, 0n, 0xffff_ffff, 0, 0n, 0, 0)),
    /^10000000f7ffffff/,
  ],
  ['a part outside the memory', 'chain 0 ffffffff0000:1000:1:1 200000:1000:2:0', /^ended$/],
  ['a part past its end', 'chain 0 3ffff0:1000:1:1 200000:1000:2:0', /^ended$/],
  ['an answer outside the memory', 'chain 0 10000:40:1:1 ffffffff0000:1000:2:0', /^ended$/],
  ['a part over the whole number', 'chain 0 ffffffffffffffff:ffffffff:1:1 200000:1000:2:0', /^ended$/],
  ['parts in a circle', 'chain 0 10000:28:1:1 200000:1000:3:0', /^80$/],
  ['a part that is not there', 'chain 0 10000:28:1:999 200000:1000:2:0', /^ended$/],
  ['a first part that is not there', 'chain 60000 10000:28:0:0', /^ended$/],
  ['parts of no length', 'chain 0 10000:0:1:1 200000:0:2:0', /^ended$/],
];
test.each(lies)('%s ends at most the server of that guest', async (_, line, said) => {
  expect(await guest.say(line)).toMatch(said);
  expect(await outside()).toEqual(untouched);
});

function asHex(kind: number, body: Buffer, length?: number): string {
  return requestOf(kind, rootNode, body, length).toString('hex');
}

/** Of all that is in a directory, and its own; what links lead to is not in it. */
async function inodesOf(path: string): Promise<Set<bigint>> {
  const { stdout } = await execa('find', ['-P', path, '-printf', '%i\n']);
  return new Set(stdout.split('\n').map(BigInt));
}
