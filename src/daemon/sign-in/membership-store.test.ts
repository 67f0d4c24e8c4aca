import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { MembershipStore } from './membership-store.js';
import { present, requirementWith } from './sign-in.test-support.js';

const member = { subject: 'ada', organizations: ['acme'], since: present };
/** In order, but for the policy it is bound to. */
const bare = JSON.stringify({ binding: '', member, seen: present });
const nothing = { member: undefined, seen: 0 };
let top = '';
let directory = '';
beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), 'bulkhead-membership-'));
  directory = join(top, 'place');
});
afterEach(() => rmSync(top, { recursive: true }));

const open = (signIn: Parameters<typeof requirementWith>[0] = {}) =>
  new MembershipStore({ directory, requirement: requirementWith(signIn) });
const file = (name: string) => join(directory, name);

test('nothing was kept at first, and nothing is written by looking', () => {
  expect(open().load()).toEqual(nothing);
  expect(existsSync(directory)).toBe(false);
});

test('what was kept is there after a restart, readable by its owner alone', () => {
  open().save({ member, seen: present + 1 });
  expect(open().load()).toEqual({ member, seen: present + 1 });
  expect(statSync(directory).mode & 0o777).toBe(0o700);
  for (const name of ['key', 'membership.json']) expect(statSync(file(name)).mode & 0o777).toBe(0o600);
});

test('signing out leaves the time', () => {
  open().save({ member, seen: present });
  open().clear(present + 5);
  expect(open().load()).toEqual({ member: undefined, seen: present + 5 });
});

test('each letter of the record is under the seal', () => {
  open().save({ member, seen: present });
  const whole = readFileSync(file('membership.json'), 'latin1');
  for (let at = 0; at < whole.length; at += 1) {
    const other = String.fromCodePoint((whole.codePointAt(at) ?? 0) ^ 1);
    writeFileSync(file('membership.json'), whole.slice(0, at) + other + whole.slice(at + 1), 'latin1');
    const { member: taken, seen } = open().load();
    // The case of a hexadecimal digit is the one letter that says the same.
    if (other.toLowerCase() === whole.charAt(at).toLowerCase()) continue;
    expect({ at, taken, seen }).toEqual({ at, taken: undefined, seen: 0 });
  }
});

test.each<[string, () => void]>([
  [
    'cut off',
    () => writeFileSync(file('membership.json'), readFileSync(file('membership.json')).subarray(0, 40)),
  ],
  ['empty', () => writeFileSync(file('membership.json'), '')],
  ['without a seal', () => writeFileSync(file('membership.json'), JSON.stringify({ record: bare, mac: '' }))],
  ['sealed by somebody else', () => writeFileSync(file('key'), '0'.repeat(64))],
  [
    'sealed with a key that is cut off',
    () => writeFileSync(file('key'), readFileSync(file('key')).subarray(0, 62)),
  ],
  ['without its key', () => rmSync(file('key'))],
])('a record that is %s says nothing, and the next sign-in is kept', (_, tamper) => {
  open().save({ member, seen: present });
  tamper();
  expect(open().load()).toEqual(nothing);
  open().save({ member, seen: present });
  expect(open().load()).toEqual({ member, seen: present });
});

test.each<[string, Parameters<typeof requirementWith>[0]]>([
  ['issuer', { issuer: 'https://other.example.org' }],
  ['client', { clientId: 'other' }],
  ['organizations', { allowedOrgs: ['acme', 'other'] }],
  ['claim', { organizationsClaim: 'orgs' }],
])('a policy with another %s takes the time of the record, and nobody', (_, other) => {
  open().save({ member, seen: present });
  expect(open(other).load()).toEqual({ member: undefined, seen: present });
});

test('the order of organizations in the policy says nothing', () => {
  open({ allowedOrgs: ['a', 'acme'] }).save({ member, seen: present });
  expect(open({ allowedOrgs: ['acme', 'a'] }).load()).toEqual({ member, seen: present });
});
