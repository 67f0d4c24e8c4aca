import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { isJsonObject, type JsonObject } from './json-value.js';
import {
  acceptPublisherList,
  currentPublishers,
  isPublisherList,
  publishersAt,
  readPublisherList,
  signPublisherList,
} from './publisher-list.js';
import { signDocument } from './signature.js';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const other = generateKeyPairSync('ed25519');
const expires = '2027-01-01T00:00:00Z';
const plain = { publishersVersion: 1, serial: 4, expires, namespaces: ['bitnami', 'grafana'] };

function read(document: JsonObject) {
  const result = readPublisherList(Buffer.from(JSON.stringify(document)), 'list.json');
  if (result.problems !== undefined) throw result.problems[0];
  return { list: result.value, document: result.document };
}

const accept = (document: JsonObject, highestSerial = 0): void => {
  acceptPublisherList(read(document), { key: publicKey, highestSerial }, 'list.json');
};

describe('the list of verified publishers', () => {
  test('is taken where the key signed it, however it is formatted', () => {
    accept(signPublisherList(plain, privateKey));
    const { signature, ...rest } = signPublisherList(plain, privateKey);
    accept({ signature: signature ?? null, ...rest });
    accept(signPublisherList(signPublisherList(plain, other.privateKey), privateKey));
    expect(() => {
      acceptPublisherList(read(plain), { key: undefined, highestSerial: 0 }, 'list.json');
    }).not.toThrow();
  });

  test.each<[string, JsonObject, number, string]>([
    ['unsigned', plain, 0, 'it is not signed'],
    ['of another key', signPublisherList(plain, other.privateKey), 0, 'not with'],
    ['altered', { ...signPublisherList(plain, privateKey), namespaces: ['evil'] }, 0, 'it was changed'],
    [
      'prolonged',
      { ...signPublisherList(plain, privateKey), expires: '2028-01-01T00:00:00Z' },
      0,
      'it was changed',
    ],
    [
      'older',
      signPublisherList(plain, privateKey),
      5,
      'it has the serial 4, and one with 5 was in use before',
    ],
  ])('is refused %s', (_, document, highest, reason) => {
    expect(() => {
      accept(document, highest);
    }).toThrow(reason);
  });

  test('is not taken with the signature of a policy over the same content, nor the other way round', () => {
    const { bulkhead } = signDocument(plain, privateKey);
    const signature = isJsonObject(bulkhead) ? (bulkhead['signature'] ?? null) : null;
    expect(() => {
      accept({ ...plain, signature });
    }).toThrow('it was changed');
  });

  test('names nobody once it is out of date, and says since when', () => {
    const { list } = read(plain);
    const end = Date.parse(expires);
    expect(publishersAt(list, end - 1).namespaces).toEqual(new Set(['bitnami', 'grafana']));
    expect(publishersAt(list, end)).toEqual({
      namespaces: new Set(),
      missing: `the list of verified publishers is out of date since ${expires}`,
    });
    expect(publishersAt(undefined, 0).missing).toBe('there is no list of verified publishers');
    let now = end - 1;
    const publishers = currentPublishers(list, () => now);
    expect([publishers.namespaces.has('grafana'), publishers.missing]).toEqual([true, undefined]);
    now = end;
    expect([publishers.namespaces.has('grafana'), publishers.missing]).toEqual([
      false,
      `the list of verified publishers is out of date since ${expires}`,
    ]);
    now = end - 1;
    expect(publishers.namespaces.has('grafana')).toBe(false);
  });

  test.each([
    ['{"publishersVersion": 2}', 'publishersVersion'],
    ['{"publishersVersion": 1, "serial": 1, "expires": "soon", "namespaces": []}', 'expires'],
    [
      `{"publishersVersion": 1, "serial": 1, "expires": "${expires}", "namespaces": ["A/b"]}`,
      'namespaces[0]',
    ],
    [`{"publishersVersion": 1, "serial": 1, "expires": "${expires}", "namespaces": [], "more": 1}`, 'more'],
    ['{', 'the document'],
  ])('%s is told of with its place', (text, key) => {
    const { problems } = readPublisherList(Buffer.from(text), 'list.json');
    expect(problems?.map(({ code, params }) => [code, params['key']])).toContainEqual([
      'BH_PUBLISHERS_INVALID',
      key,
    ]);
  });

  test('is known from a policy', () => {
    expect([
      isPublisherList(plain),
      isPublisherList({ PublishersVersion: 1 }),
      isPublisherList({ configurationFileVersion: 2 }),
    ]).toEqual([true, true, false]);
  });
});
