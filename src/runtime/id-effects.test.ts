import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import {
  chownSync,
  lstatSync,
  symlinkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { IdAllocator } from './id-allocator.js';
import { systemIdUseProbe } from './id-use-probe.js';
import { leaseFiles } from './lease-files.js';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'bulkhead-ids-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

test('lease files are private, replaced whole, and half-written ones are removed', () => {
  const ids = join(directory, 'ids');
  const store = leaseFiles(ids);
  expect(statSync(ids).mode & 0o777).toBe(0o700);
  store.write('100000.json', '{"long":"content"}');
  store.write('100000.json', '{}');
  writeFileSync(join(ids, '165536.json.new'), '{"ba');
  expect(leaseFiles(ids).readAll()).toEqual([['100000.json', '{}']]);
  expect(statSync(join(ids, '100000.json')).mode & 0o777).toBe(0o600);
  store.remove('100000.json');
  store.remove('100000.json');
  expect(readdirSync(ids)).toEqual([]);
});

test('what is no regular file is neither followed nor waited for, and its ids stay taken', async () => {
  const ids = join(directory, 'ids');
  const store = leaseFiles(ids);
  writeFileSync(join(directory, 'elsewhere'), '{"base":100000,"size":65536,"holders":[]}');
  symlinkSync(join(directory, 'elsewhere'), join(ids, '100000.json'));
  execFileSync('mkfifo', [join(ids, '165536.json')]);
  mkdirSync(join(ids, '231072.json'));
  const socket = createServer().listen(join(ids, '296608.json'));
  await once(socket, 'listening');
  try {
    const names = ['100000.json', '165536.json', '231072.json', '296608.json'];
    expect(store.readAll()).toEqual(names.map((name) => [name, '']));
    const holder = { runtimeRoot: '/run/r', containerId: 'c', pid: 1, pidStartTime: '1' };
    // Containers of other engines on this machine have ids, too.
    const proc = join(directory, 'proc');
    mkdirSync(proc);
    const allocator = new IdAllocator(store, systemIdUseProbe(proc));
    expect(await allocator.acquire(65_536, holder)).toEqual({ base: 362_144, size: 65_536 });
  } finally {
    socket.close();
  }
});

test('a lease is not written through a link that bears its name, nor through one that waits for it', () => {
  const ids = join(directory, 'ids');
  const store = leaseFiles(ids);
  const target = join(directory, 'elsewhere');
  writeFileSync(target, 'kept');
  for (const name of ['100000.json', '100000.json.new']) symlinkSync(target, join(ids, name));
  store.write('100000.json', '{}');
  expect(readFileSync(target, 'utf8')).toBe('kept');
  expect(lstatSync(join(ids, '100000.json')).isFile()).toBe(true);
});

test('a write that fails leaves nothing behind', () => {
  const ids = join(directory, 'ids');
  const store = leaseFiles(ids);
  mkdirSync(join(ids, '100000.json'));
  expect(() => store.write('100000.json', '{}')).toThrow('EISDIR');
  expect(readdirSync(ids)).toEqual(['100000.json']);
});

test('processes, creators and state directories are found', async () => {
  const proc = join(directory, 'proc');
  for (const [pid, uid, gid] of [
    ['7', 300, 100],
    ['8', 200, 100],
  ] as const) {
    mkdirSync(join(proc, pid), { recursive: true });
    // A container decides how long it takes to read of its processes: nothing but the owner is asked for.
    chownSync(join(proc, pid), uid, gid);
  }
  // A name that would end a naive reading of the second field.
  const fields = Array.from({ length: 50 }, (_, at) => String(at + 3)).join(' ');
  writeFileSync(join(proc, '7/stat'), `7 (a) b) ${fields}\n`);
  mkdirSync(join(proc, 'sys'));
  symlinkSync('nowhere', join(proc, '9')); // gone between listing and reading
  const probe = systemIdUseProbe(proc);
  expect(await probe.idsOfProcesses()).toEqual([100, 200, 300]);
  const holder = { runtimeRoot: directory, containerId: 'proc', pid: 7, pidStartTime: '22' };
  expect(probe.isCreating(holder)).toBe(true);
  expect(probe.isCreating({ ...holder, pidStartTime: '23' })).toBe(false);
  expect(probe.isCreating({ ...holder, pid: 4 })).toBe(false);
  expect(probe.hasState(holder)).toBe(true);
  expect(probe.hasState({ ...holder, containerId: 'none' })).toBe(false);
});

test('this process is found in the real /proc', async () => {
  const probe = systemIdUseProbe();
  expect(await probe.idsOfProcesses()).toContain(process.getuid?.() ?? 0);
  const stat = readFileSync('/proc/self/stat', 'utf8');
  const startTime = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  const holder = { runtimeRoot: '/', containerId: 'x', pid: process.pid, pidStartTime: startTime };
  expect(probe.isCreating(holder)).toBe(true);
});
