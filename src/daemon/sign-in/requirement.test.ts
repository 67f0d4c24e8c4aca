import { expect, test } from 'vitest';
import { signInRequirement } from './requirement.js';
import { settingsWith } from './sign-in.test-support.js';

const settings = settingsWith(
  { allowedOrgs: ['b', 'a', 'b'], scopes: ['groups', 'openid'] },
  'it@example.org',
);

test('a policy without the key asks nobody', () => {
  expect(signInRequirement({ configurationFileVersion: 2 }, undefined)).toBeUndefined();
});

test('what the policy says', () => {
  expect(signInRequirement(settings, undefined)).toMatchObject({
    organizations: ['a', 'b'],
    scopes: ['openid', 'groups'],
    holdsMs: 7 * 24 * 60 * 60 * 1000,
    contact: 'it@example.org',
    via: 'admin-settings.json',
  });
});

test.each([
  [['a'], ['a']],
  [
    ['b', 'c', 'a'],
    ['a', 'b'],
  ],
  [['c'], []],
  [['A', 'a '], []],
])('registry.json with %j leaves %j', (registry, left) => {
  expect(signInRequirement(settings, { allowedOrgs: registry })).toMatchObject({
    organizations: left,
    via: 'registry.json',
  });
});

test('registry.json without a provider in the policy is an error that says so', () => {
  expect(() => signInRequirement({ configurationFileVersion: 2 }, { allowedOrgs: ['a', 'b'] })).toThrow(
    /registry\.json asks for members of \[a, b\], and no policy names the provider.*bulkhead\.signIn\.issuer/,
  );
});
