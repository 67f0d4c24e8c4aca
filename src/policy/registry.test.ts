import { describe, expect, test } from 'vitest';
import { allowedOrganizations, readRegistry } from './registry.js';

const read = (text: string) => readRegistry(Buffer.from(text), 'registry.json');

describe("Docker's registry.json", () => {
  test('is taken as Docker has it, its key in any case', () => {
    expect(read('{"allowedOrgs": ["acme", "other"]}')).toEqual({ allowedOrgs: ['acme', 'other'] });
    expect(read('{"allowedorgs":["acme"]}')).toEqual({ allowedOrgs: ['acme'] });
  });

  test.each([
    ['', /^registry\.json:1:1: /],
    [
      '{"allowedOrgs": ["acme",]}',
      /^registry\.json:1:24: allowedOrgs\[1\]|^registry\.json:1:24: allowedOrgs/,
    ],
    ['{\n  "allowedOrgs": ["acme"]\n', /^registry\.json:3:1: /],
    ['{}', /allowedOrgs: /],
    ['{"allowedOrgs": []}', /^registry\.json:1:2: allowedOrgs: /],
    ['{"allowedOrgs": "acme"}', /^registry\.json:1:2: allowedOrgs: /],
    [
      '{"allowedOrgs": ["acme"],\n "allowedOrgs": ["other"]}',
      /^registry\.json:2:2: allowedOrgs: this key stands here twice/,
    ],
    ['{"allowedOrgs": ["acme"], "orgs": []}', /^registry\.json:1:27: orgs: no setting has this name/],
    ['{"allowedOrgs": ["acme", " other"]}', /^registry\.json:1:26: allowedOrgs\[1\]: not the name/],
    ['["acme"]', /^registry\.json:1:1: the document: /],
    ['\uFEFF{"allowedOrgs": 7}', /^registry\.json:1:/],
  ])('%j is an error with its place, and never passed over', (text, message) => {
    expect(() => read(text)).toThrow(message);
    expect(() => read(text)).toThrow(expect.objectContaining({ code: 'BH_REGISTRY_INVALID' }));
  });
});

describe('who may use the engine', () => {
  const signIn = {
    issuer: 'https://id.example.org',
    clientId: 'c',
    scopes: [],
    allowedOrgs: ['b', 'a', 'b'],
    organizationsClaim: 'groups',
    offlineDays: 7,
    requireNonce: false,
  };

  test.each<[string[] | undefined, string[]]>([
    [undefined, ['a', 'b']],
    [['a'], ['a']],
    [
      ['b', 'c', 'a'],
      ['a', 'b'],
    ],
    [['c'], []],
    [['A', 'ab'], []],
  ])('registry.json with %j leaves %j of the policy', (allowedOrgs, left) => {
    const registry = allowedOrgs === undefined ? undefined : { allowedOrgs };
    expect(allowedOrganizations({ bulkhead: { signIn } }, registry)).toEqual(left);
  });

  test('everybody where nothing is asked', () => {
    expect(allowedOrganizations(undefined, undefined)).toBeUndefined();
    expect(allowedOrganizations({ bulkhead: {} }, undefined)).toBeUndefined();
  });

  test('registry.json without a provider in the policy is an error that says so', () => {
    const registry = { allowedOrgs: ['a', 'b'] };
    for (const policy of [undefined, { bulkhead: { contact: 'it@example.org' } }])
      expect(() => allowedOrganizations(policy, registry)).toThrow(
        /registry\.json asks for members of \[a, b\], and no policy names the provider.*bulkhead\.signIn\.issuer/,
      );
  });
});
