import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import {
  keyIdOf,
  parseSeenTime,
  publicKeyText,
  readSettings,
  type SeenTime,
  signDocument,
} from '../policy/index.js';
import {
  admitSealedPolicy,
  hostSerialOf,
  noteTime,
  type PolicyGuardOptions,
  type SealedPolicy,
} from './policy-guard.js';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const end = '2027-01-01T00:00:00Z';
let dir: string;
let now: number;
let unrecorded: unknown[];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'bulkhead-guard-'));
  now = Date.parse(end) - 1;
  unrecorded = [];
  onTestFinished(() => {
    rmSync(dir, { recursive: true });
  });
});
const keyFile = () => join(dir, 'key.pem');
const recordFile = () => join(dir, 'disk', 'serial.json');
const withKey = (): void => {
  writeFileSync(keyFile(), publicKeyText(publicKey));
};

function options(hostSerial = 0): PolicyGuardOptions {
  return {
    keyFile: keyFile(),
    recordFile: recordFile(),
    timeFile: join(dir, 'disk', 'time.json'),
    admittedFile: join(dir, 'admitted'),
    hostSerial,
    imageVersion: '1.0',
    now: () => now,
    onUnrecorded: (error) => unrecorded.push(error),
  };
}

function read(document: object): SealedPolicy {
  const result = readSettings(Buffer.from(JSON.stringify(document)), 'p');
  if (result.problems !== undefined) throw result.problems[0];
  return { ...result, sha256: `${result.settings.bulkhead?.serial}` };
}

function policy(serial: number, signed = true, more: object = {}): SealedPolicy {
  const plain = read({ configurationFileVersion: 2, bulkhead: { serial, expires: end, ...more } });
  return signed ? read(signDocument(plain.document, privateKey)) : plain;
}

test('without a key nothing is recorded, and the standing says that nobody signed', () => {
  expect(admitSealedPolicy(undefined, options())).toEqual({ imageKey: null, inForce: 'none' });
  expect(admitSealedPolicy(policy(3), options())).toEqual({
    imageKey: null,
    inForce: { serial: 3, sha256: '3', signedBy: null, expires: end },
  });
  expect(() => readFileSync(recordFile())).toThrow('ENOENT');
});

test('with a key the serial is recorded, and an older one does not come back, in the next boot either', () => {
  withKey();
  const id = keyIdOf(publicKey);
  expect(admitSealedPolicy(policy(3), options())).toEqual({
    imageKey: id,
    inForce: { serial: 3, sha256: '3', signedBy: id, expires: end },
  });
  rmSync(join(dir, 'admitted'));
  expect(() => admitSealedPolicy(policy(2), options())).toThrow('has the serial 2; one with 3');
  const other = policy(3, true, { contact: 'somebody else' });
  expect(() => admitSealedPolicy(other, options())).toThrow(recordFile());
  admitSealedPolicy(policy(4), options());
  expect(JSON.parse(readFileSync(recordFile(), 'utf8'))).toMatchObject({ serial: 4 });
});

test('the higher of the two records counts', () => {
  withKey();
  admitSealedPolicy(policy(5), options(4));
  expect(() => admitSealedPolicy(policy(5), options(6))).toThrow('one with 6');
  expect(() => admitSealedPolicy(policy(4), options(4))).toThrow('one with 5');
});

test('a damaged record is not none: the one of the host counts, and without it nothing is served', () => {
  withKey();
  admitSealedPolicy(policy(5), options());
  writeFileSync(recordFile(), 'x');
  expect(() => admitSealedPolicy(policy(9), options())).toThrow(recordFile());
  expect(() => admitSealedPolicy(policy(4), options(5))).toThrow('one with 5');
  admitSealedPolicy(policy(6), options(5));
  expect(JSON.parse(readFileSync(recordFile(), 'utf8'))).toMatchObject({ serial: 6 });
});

test('a record that cannot be written is told, and the host counts', () => {
  withKey();
  writeFileSync(join(dir, 'disk'), '');
  /* ENOTDIR is not ENOENT: whether there is a record cannot be known. */
  expect(() => admitSealedPolicy(policy(5), options())).toThrow('ENOTDIR');
  admitSealedPolicy(policy(5), options(5));
  expect(unrecorded).toHaveLength(2);
});

test('nothing is served without a policy, with an unsigned one, or with a key that cannot be read', () => {
  withKey();
  expect(() => admitSealedPolicy(undefined, options())).toThrow('no policy');
  expect(() => admitSealedPolicy(policy(1, false), options())).toThrow('is not signed');
  writeFileSync(keyFile(), 'x');
  expect(() => admitSealedPolicy(policy(1), options())).toThrow(keyFile());
});

test('what expires while it is in force stays so for this boot, and another that has expired does not come in', () => {
  withKey();
  admitSealedPolicy(policy(1), options());
  now += 1;
  admitSealedPolicy(policy(1), options());
  expect(() => admitSealedPolicy(policy(2), options())).toThrow('was valid until');
  rmSync(join(dir, 'admitted'));
  expect(() => admitSealedPolicy(policy(1), options())).toThrow('was valid until');
});

test('a clock that is set back makes no policy valid again, also when it was refused meanwhile', () => {
  withKey();
  admitSealedPolicy(policy(1), options());
  rmSync(join(dir, 'admitted'));
  now += 1;
  expect(() => admitSealedPolicy(policy(1), options())).toThrow('was valid until');
  now -= 86_400_000;
  expect(() => admitSealedPolicy(policy(1), options())).toThrow(
    'time.json it was 2027-01-01T00:00:00.000Z here before',
  );
  // The same clock, and nothing seen: it is valid.
  rmSync(join(dir, 'disk', 'time.json'));
  admitSealedPolicy(policy(1), options());
  const kept = (): SeenTime | undefined =>
    parseSeenTime(readFileSync(join(dir, 'disk', 'time.json'), 'utf8'), '');
  now += 3_600_000;
  noteTime(options(), kept());
  now -= 7_200_000;
  noteTime(options(), kept());
  expect(kept()?.time).toBe(now + 7_200_000);
});

test('a damaged record of the time is not none', () => {
  withKey();
  admitSealedPolicy(policy(1), options());
  writeFileSync(join(dir, 'disk', 'time.json'), 'x');
  expect(() => admitSealedPolicy(policy(1), options())).toThrow('time.json');
  // Where the host has records, they count, and this one is made anew.
  admitSealedPolicy(policy(1), options(1));
  expect(readFileSync(join(dir, 'disk', 'time.json'), 'utf8')).toContain('"seen":');
});

test('the serial of the host is read from the kernel command line, or there is none', () => {
  expect(hostSerialOf('quiet bulkhead.policy=7 x\n')).toBe(0);
  expect(hostSerialOf('quiet bulkhead.policy-serial=41\n')).toBe(41);
  for (const line of ['', '-1', 'x', '99999999999999999999', '4 bulkhead.policy-serial=5'])
    expect(() => hostSerialOf(`bulkhead.policy-serial=${line}`)).toThrow('malformed');
});
