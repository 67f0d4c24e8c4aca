import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import type { ReadPolicy } from './accept-policy.js';
import { type Admission, admitPolicy } from './admit-policy.js';
import { readSettings } from './read-settings.js';
import { keyIdOf, signDocument } from './signature.js';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const keyless: Admission = {
  key: undefined,
  imageVersion: '1.2.0',
  now: Date.parse('2026-11-21T12:00:00Z'),
  seen: undefined,
  known: [],
};
const nine = { serial: 9, source: 'record' };
const keyed: Admission = { ...keyless, key: publicKey };

function policy(bulkhead: object, sign = false): ReadPolicy {
  const read = (value: object): ReadPolicy => {
    const result = readSettings(Buffer.from(JSON.stringify(value)), 'p.json');
    if (result.problems !== undefined) throw result.problems[0];
    return result;
  };
  const plain = read({ configurationFileVersion: 2, bulkhead });
  return sign ? read(signDocument(plain.document, privateKey)) : plain;
}
const admit = (given: ReadPolicy | undefined, admission: Admission) => () =>
  admitPolicy(given, admission, 'p.json');

test('an image without a key takes any policy, an old serial too, and none', () => {
  expect(admit(undefined, keyless)).not.toThrow();
  expect(admit(policy({ serial: 1 }), { ...keyless, known: [nine] })).not.toThrow();
});

test('an image with a key takes what the key signed, and never none', () => {
  expect(admit(policy({ serial: 1 }, true), keyed)).not.toThrow();
  expect(admit(undefined, keyed)).toThrow(keyIdOf(publicKey));
  expect(admit(policy({ serial: 1 }), keyed)).toThrow('is not signed');
  expect(admit(policy({ serial: 8 }, true), { ...keyed, known: [nine] })).toThrow('has the serial 8');
});

test.each([
  ['with a key', keyed, true],
  ['without', keyless, false],
] as const)('what has expired is refused by an image %s', (_what, admission, sign) => {
  const expired = policy({ serial: 1, expires: '2026-11-21T12:00:00Z' }, sign);
  expect(admit(expired, admission)).toThrow('was valid until');
  expect(admit(expired, { ...admission, now: admission.now - 1 })).not.toThrow();
});

test.each([
  ['with a key', keyed, true],
  ['without', keyless, false],
] as const)('an image that is too old, or does not say, is refused %s', (_what, admission, sign) => {
  const minimum = (minimumImageVersion: string) => policy({ serial: 1, minimumImageVersion }, sign);
  expect(admit(minimum('1.2'), admission)).not.toThrow();
  expect(admit(minimum('1.2.1'), admission)).toThrow('takes no image older than 1.2.1');
  for (const imageVersion of [undefined, '', '2.x'])
    expect(admit(minimum('1.2'), { ...admission, imageVersion })).toThrow('takes no image older than 1.2');
});
