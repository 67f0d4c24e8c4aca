import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { publicKeyText, seenTimeText, signPublisherList } from '../../policy/index.js';
import { decidePublishers, type PublisherFiles } from './publishers-in-force.js';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const end = Date.parse('2027-01-01T00:00:00Z');
let dir: string;
let now: number;
let warned: number;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'bulkhead-publishers-'));
  now = end - 2;
  warned = 0;
  onTestFinished(() => {
    rmSync(dir, { recursive: true });
  });
});
const path = (name: string): string => join(dir, name);
const withKey = (): void => {
  writeFileSync(path('key.pem'), publicKeyText(publicKey));
};

const files = (): PublisherFiles => ({
  keyFile: path('key.pem'),
  timeFile: path('time.json'),
  serialFile: join(dir, 'disk', 'serial.json'),
  now: () => now,
  log: { warn: () => (warned += 1) },
});

const listOf = (serial: number) => ({
  publishersVersion: 1,
  serial,
  expires: new Date(end).toISOString(),
  namespaces: ['grafana'],
});

/** Who it is, and why nobody else. */
function decided(list: object): [string[], string | undefined] {
  const { namespaces, missing } = decidePublishers(Buffer.from(JSON.stringify(list)), files());
  return [[...namespaces], missing];
}

test('a list the organization signed counts until it is out of date, also while the engine runs', () => {
  withKey();
  const publishers = decidePublishers(
    Buffer.from(JSON.stringify(signPublisherList(listOf(1), privateKey))),
    files(),
  );
  expect(publishers.namespaces.has('grafana')).toBe(true);
  now = end;
  expect([publishers.namespaces.size, publishers.missing]).toEqual([
    0,
    expect.stringContaining('out of date'),
  ]);
  expect(warned).toBe(0);
});

test('a clock that is set back makes it no younger', () => {
  withKey();
  writeFileSync(path('time.json'), seenTimeText(end));
  expect(decided(signPublisherList(listOf(1), privateKey))).toEqual([
    [],
    expect.stringContaining('out of date'),
  ]);
});

test('an older one than was in use is not taken again, by this daemon or the next', () => {
  withKey();
  expect(decided(signPublisherList(listOf(7), privateKey))[0]).toEqual(['grafana']);
  expect(decided(signPublisherList(listOf(6), privateKey))).toEqual([
    [],
    expect.stringContaining('one with 7 was in use before'),
  ]);
  expect(decided(signPublisherList(listOf(7), privateKey))[0]).toEqual(['grafana']);
});

test.each<[string, object, string]>([
  ['unsigned', listOf(1), 'it is not signed'],
  ['altered', { ...signPublisherList(listOf(1), privateKey), namespaces: ['evil'] }, 'it was changed'],
  ['no list', { serial: 1 }, 'publishersVersion'],
])('one that is %s names nobody, and says why', (_, list, reason) => {
  withKey();
  expect(decided(list)).toEqual([[], expect.stringContaining(reason)]);
  expect(warned).toBe(1);
});

test('a damaged memory lets no list in', () => {
  withKey();
  decided(signPublisherList(listOf(7), privateKey));
  writeFileSync(join(dir, 'disk', 'serial.json'), 'x');
  expect(decided(signPublisherList(listOf(8), privateKey))).toEqual([
    [],
    expect.stringContaining('serial.json'),
  ]);
});

test('an image without a key asks for no signature, and remembers nothing', () => {
  expect(decided(listOf(7))[0]).toEqual(['grafana']);
  expect(decided(listOf(6))[0]).toEqual(['grafana']);
});
