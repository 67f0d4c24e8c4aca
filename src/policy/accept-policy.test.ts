import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { acceptPolicy, type ReadPolicy } from './accept-policy.js';
import type { KnownPolicy } from './policy-record.js';
import { readSettings } from './read-settings.js';
import type { SeenTime } from './seen-time.js';
import { contentHash, keyIdOf, signDocument } from './signature.js';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const other = generateKeyPairSync('ed25519');
const now = Date.parse('2026-11-21T12:00:00Z');

const plain = {
  configurationFileVersion: 2,
  blockDockerLoad: { locked: true, value: true },
  bulkhead: { contact: 'sec@example.org', serial: 7, expires: '2027-01-01T00:00:00Z' },
};

function read(text: string): ReadPolicy {
  const result = readSettings(new TextEncoder().encode(text), 'p.json');
  if (result.problems !== undefined) throw new Error(result.problems.map(String).join('\n'));
  return result;
}

/** What an administrator's `policy sign` makes of a policy. */
function signed(policy: unknown = plain, key = privateKey): string {
  return JSON.stringify(signDocument(read(JSON.stringify(policy)).document, key), null, 2);
}

function accept(
  text: string,
  against: { key?: typeof publicKey; now?: number; seen?: SeenTime; known?: readonly KnownPolicy[] } = {},
): void {
  acceptPolicy(read(text), { key: publicKey, now, seen: undefined, known: [], ...against }, 'p.json');
}

const known = (...serials: number[]): KnownPolicy[] =>
  serials.map((serial) => ({ serial, source: `record ${serial}` }));

describe('acceptPolicy', () => {
  test('takes what the key signed', () => {
    expect(() => {
      accept(signed());
    }).not.toThrow();
  });

  test('however it is formatted, and with names of settings in other letters', () => {
    const { bulkhead, ...rest } = read(signed()).document;
    expect(() => {
      accept(JSON.stringify({ BULKHEAD: bulkhead, ...rest }));
    }).not.toThrow();
  });

  test('signed twice, the last counts', () => {
    expect(() => {
      accept(signed(read(signed(plain, other.privateKey)).document));
    }).not.toThrow();
  });

  test.each([
    ['a value', (text: string) => text.replace('"value": true', '"value": false')],
    ['a lock', (text: string) => text.replace('"locked": true', '"locked": false')],
    ['the serial', (text: string) => text.replace('"serial": 7', '"serial": 8')],
    ['the day it ends', (text: string) => text.replace('2027', '2029')],
    ['a key that is gone', (text: string) => text.replace(/"blockDockerLoad": \{[^}]*\},/, '')],
    ['a key that is new', (text: string) => text.replace('{', '{"disableUpdate": {"value": true},')],
    [
      'a signature of something else',
      (text: string) =>
        text.replace(
          /"value": "[^"]*"/,
          () => signed({ ...plain, bulkhead: { serial: 1 } }).match(/"value": "[^"]*"/)?.[0] ?? '',
        ),
    ],
  ])('refuses what was changed: %s', (_what, change) => {
    const text = signed();
    expect(change(text)).not.toBe(text);
    expect(() => {
      accept(change(text));
    }).toThrow('was changed after it was signed');
  });

  test('refuses what nobody signed, or has no serial', () => {
    expect(() => {
      accept(JSON.stringify(plain));
    }).toThrow('is not signed');
    expect(() => {
      accept(signed({ ...plain, bulkhead: {} }));
    }).toThrow('is not signed');
  });

  test('refuses another key, also where it claims to be ours', () => {
    const text = signed(plain, other.privateKey);
    expect(() => {
      accept(text);
    }).toThrow('not with the key');
    const claimed = text.replace(keyIdOf(other.publicKey), keyIdOf(publicKey));
    expect(() => {
      accept(claimed);
    }).toThrow('was changed after it was signed');
  });

  test('until the very moment it expires', () => {
    const end = Date.parse('2027-01-01T00:00:00Z');
    expect(() => {
      accept(signed(), { now: end - 1 });
    }).not.toThrow();
    expect(() => {
      accept(signed(), { now: end });
    }).toThrow('Ask sec@example.org');
  });

  test('until the highest time there was, whatever the clock says since', () => {
    const end = Date.parse('2027-01-01T00:00:00Z');
    expect(() => {
      accept(signed(), { seen: { time: end - 1, source: 'the record' } });
    }).not.toThrow();
    expect(() => {
      accept(signed(), { seen: { time: end, source: 'the record' } });
    }).toThrow('by the record it was 2027-01-01T00:00:00.000Z here before');
  });

  test('refuses one older than was seen, takes the same again', () => {
    expect(() => {
      accept(signed(), { known: known(7, 3) });
    }).not.toThrow();
    expect(() => {
      accept(signed(), { known: known(3, 8, 7) });
    }).toThrow('has the serial 7; one with 8 was in force before, by record 8');
  });

  test('refuses another under a number that was given before, and says where that is known from', () => {
    expect(() => {
      accept(signed(), { known: [...known(7), { serial: 7, sha256: 'f'.repeat(64), source: 'the other' }] });
    }).toThrow('another policy with other content has had before, by the other');
    const sha256 = contentHash(read(signed(plain, other.privateKey)).document);
    expect(() => {
      accept(signed(), { known: [{ serial: 7, sha256, source: 'the same, signed with another key' }] });
    }).not.toThrow();
  });
});
