import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { largestPolicy } from '../../policy/index.js';
import { writeDocumentDisk } from './document-disk.js';
import {
  addHostRecord,
  makeHostRecords,
  noteHostTime,
  readHostRecords,
  readHostTime,
} from './host-record.js';
import { policyChange, policyFileOf } from './policy-change.js';
import { openPolicyFile, readPolicyFile } from './policy-file.js';

const sound = '{"configurationFileVersion": 2}';
let dir = '';
const path = (name: string): string => join(dir, name);
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'bulkhead-documents-'));
});
afterEach(() => rm(dir, { recursive: true }));

test.each([0, 1, 511, 512, 513])(
  'a document of %i bytes fills whole sectors, for its owner alone',
  async (size) => {
    const document = Buffer.alloc(size, 'x');
    expect(await writeDocumentDisk('policy', path('disk'), document)).toEqual({
      name: 'policy',
      path: path('disk'),
      bytes: size,
    });
    const written = await readFile(path('disk'));
    expect(written.length % 512).toBe(0);
    expect(written.length - size).toBeLessThan(512);
    expect(written.toString()).toBe('x'.repeat(size) + '\n'.repeat(written.length - size));
    expect((await stat(path('disk'))).mode & 0o777).toBe(0o600);
  },
);

test('what somebody left in its place is replaced, not written through', async () => {
  await writeFile(path('disk.new'), 'left behind', { mode: 0o666 });
  await writeDocumentDisk('settings', path('disk'), Buffer.from('{}'));
  expect((await stat(path('disk'))).mode & 0o777).toBe(0o600);
});

const ofSerials = (keyId: string): number[] =>
  readHostRecords([path('own'), path('machine')], keyId).map(({ serial }) => serial);

test('what the host remembers of a key is only ever raised, and the first of a serial stays', () => {
  const own = [path('own')] as const;
  expect(ofSerials('key')).toEqual([]);
  addHostRecord(own, 'key', { serial: 7, sha256: 'a'.repeat(64) });
  addHostRecord(own, 'key', { serial: 3, sha256: 'b'.repeat(64) });
  addHostRecord(own, 'key', { serial: 7, sha256: 'c'.repeat(64) });
  expect(readHostRecords(own, 'key')).toEqual([
    { serial: 7, sha256: 'a'.repeat(64), source: path('own/key/7.json') },
  ]);
  addHostRecord(own, 'key', { serial: 12 });
  addHostRecord(own, 'other', { serial: 2 });
  addHostRecord([path('machine')], 'key', { serial: 11 });
  expect([ofSerials('key'), ofSerials('other')]).toEqual([[12, 11], [2]]);
});

test('the highest time is remembered of a key of which a policy was in force, and by whoever saw it', () => {
  const own = [path('own'), path('machine')] as const;
  noteHostTime(own, 'key', 1_000);
  expect(readHostTime(own, 'key')).toBeUndefined();
  addHostRecord(own, 'key', { serial: 1 });
  noteHostTime(own, 'key', 3_000);
  noteHostTime(own, 'key', 2_000);
  expect(readHostTime(own, 'key')).toEqual({ time: 3_000, source: path('own/key/time.json') });
  addHostRecord([path('machine')], 'key', { serial: 1 });
  noteHostTime([path('machine')], 'key', 4_000);
  expect(readHostTime(own, 'key')?.time).toBe(4_000);
  expect(ofSerials('key')).toEqual([1, 1]);
});

test('what root wrote every user can read', async () => {
  addHostRecord([path('machine')], 'key', { serial: 1 });
  const modes = ['machine', 'machine/key', 'machine/key/1.json'].map(
    async (name) => (await stat(path(name))).mode & 0o777,
  );
  expect(await Promise.all(modes)).toEqual([0o755, 0o755, 0o644]);
});

test.each(['x', '{"serial":8}'])(
  'a damaged record of the host, or under another number, is not none: %s',
  async (text) => {
    addHostRecord([path('own')], 'key', { serial: 7 });
    await writeFile(path('own/key/7.json'), text);
    expect(() => ofSerials('key')).toThrow('own/key/7.json');
  },
);

test('a policy is read once, and what is wrong is told with its place', async () => {
  await writeFile(path('p.json'), sound);
  const policy = await openPolicyFile(path('p.json'));
  await writeFile(path('p.json'), 'x');
  expect(policy.bytes.toString()).toBe(sound);
  await policy.handle.close();
  await expect(readPolicyFile(path('p.json'))).rejects.toThrow(`${path('p.json')}:1:1:`);
  await expect(readPolicyFile(path('none'))).rejects.toMatchObject({ code: 'BH_POLICY_FILE' });
  await writeFile(path('large'), ' '.repeat(largestPolicy + 1));
  await expect(readPolicyFile(path('large'))).rejects.toThrow('larger than');
});

test('the policy that is named, else that of the machine where it has one', async () => {
  expect(await policyFileOf(undefined, path('none'))).toBeUndefined();
  await writeFile(path('machine'), sound);
  expect(await policyFileOf(undefined, path('machine'))).toBe(path('machine'));
  expect(await policyFileOf(path('mine'), path('machine'))).toBe(path('mine'));
  // It is there, in some way that cannot be told: not passed over.
  expect(await policyFileOf(undefined, path('machine/x'))).toBe(path('machine/x'));
});

test('a restart is needed as long as the file is not what the VM was booted with', async () => {
  const file = path('p.json');
  expect(await policyChange(null, undefined)).toBeUndefined();
  await writeFile(file, sound);
  expect(await policyChange(null, file)).toContain('came after the VM had booted');
  const { sha256 } = await readPolicyFile(file);
  expect(await policyChange({ file, sha256 }, file)).toBeUndefined();
  // The same content in another file is the same policy.
  expect(await policyChange({ file: path('other'), sha256 }, file)).toBeUndefined();
  await writeFile(file, `${sound}\n`);
  expect(await policyChange({ file, sha256 }, file)).toContain('has changed');
  await rm(file);
  expect(await policyChange({ file, sha256 }, file)).toContain('cannot be read');
  expect(await policyChange({ file, sha256 }, undefined)).toContain('is gone');
});

test('what is remembered by root every user may look into, whatever root’s umask is', async () => {
  const umask = process.umask(0o077);
  try {
    makeHostRecords(path('bulkhead/policies'));
  } finally {
    process.umask(umask);
  }
  const wanted = process.getuid?.() === 0 ? 0o755 : 0o700;
  for (const made of ['bulkhead', 'bulkhead/policies'])
    expect((await stat(path(made))).mode & 0o777).toBe(wanted);
});
