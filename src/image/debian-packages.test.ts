import { expect, test } from 'vitest';
import { parseRelease } from './apt-release.js';
import { checkPin, includeArgument, parseArchiveName } from './debian-packages.js';
import { exampleManifest } from './test-support/example-manifest.js';

test('reads the identity of a package from the name apt gives its file', () => {
  expect(parseArchiveName('zlib1g_1%3a1.3.dfsg+really1.3.2-3_amd64.deb')).toEqual({
    name: 'zlib1g',
    version: '1:1.3.dfsg+really1.3.2-3',
    architecture: 'amd64',
  });
  expect(parseArchiveName('lock')).toBeUndefined();
});

const release = 'Hash: SHA256\n\nOrigin: Debian\nCodename: forky\nDate: Fri, 30 Oct 2026 08:08:01 UTC\n';

test('a Release file has expired once its Valid-Until is past', () => {
  const text = `${release}Valid-Until: Fri, 06 Nov 2026 08:08:01 UTC\n`;
  expect(parseRelease(text, new Date('2026-11-06T08:08:00Z'))).toEqual({
    name: 'forky',
    date: '2026-10-30T08:08:01.000Z',
    validUntil: '2026-11-06T08:08:01.000Z',
    expired: false,
  });
  expect(parseRelease(text, new Date('2026-11-06T08:08:02Z'))?.expired).toBe(true);
  expect(parseRelease(release, new Date())).toMatchObject({ validUntil: null, expired: false });
  expect(parseRelease('Codename: forky\n', new Date())).toBeUndefined();
});

const pinned = exampleManifest();
const [runc] = pinned.packages;

test('a pinned build asks for exactly the versions of the manifest', () => {
  expect(includeArgument(['runc', 'nodejs'], undefined)).toBe('runc,nodejs');
  expect(includeArgument(['runc'], pinned)).toBe('runc=1.3.6+ds1-1');
});

test('a pin compares both ways, and hashes as well as versions', () => {
  if (runc === undefined) throw new Error('the example has a package');
  expect(() => checkPin([runc], pinned, 'm.json')).not.toThrow();
  expect(() => checkPin([], pinned, 'm.json')).toThrow('runc was not unpacked');
  expect(() => checkPin([runc, { ...runc, name: 'extra' }], pinned, 'm.json')).toThrow('extra is not in it');
  expect(() => checkPin([{ ...runc, version: '2' }], pinned, 'm.json')).toThrow(
    'runc is 2 instead of 1.3.6+ds1-1',
  );
  expect(() => checkPin([{ ...runc, sha256: 'f'.repeat(64) }], pinned, 'm.json')).toThrow('another SHA-256');
});
