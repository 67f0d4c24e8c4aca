import { expect, test } from 'vitest';
import { readSettings, type Settings, soundPolicy } from '../policy/index.js';
import { unenforcedRestrictions } from './restricting-settings.js';

const policy = (document: object): Settings => {
  const bytes = Buffer.from(JSON.stringify({ configurationFileVersion: 2, ...document }));
  return soundPolicy(readSettings(bytes, 'admin-settings.json')).settings;
};

test('without a policy, and with one of other things, something may get out', () => {
  expect(unenforcedRestrictions(undefined)).toEqual([]);
  expect(unenforcedRestrictions(policy({ bulkhead: { contact: 'it@example.com' } }))).toEqual([]);
});

test('a policy that says where containers may connect keeps everything in for as long as that is not carried out', () => {
  const settings = policy({
    containersProxy: { locked: true, mode: 'manual', http: '', https: '', exclude: [] },
  });
  expect(unenforcedRestrictions(settings)).toEqual(['containersProxy']);
});

test.each([
  ['bulkhead.registryAccess', { registryAccess: { rules: [] } }],
  ['bulkhead.networkAccess', { networkAccess: { default: 'deny', rules: [] } }],
])('so does one with %s', (name, bulkhead) => {
  expect(unenforcedRestrictions(policy({ bulkhead }))).toEqual([name]);
});
