import { expect, test } from 'vitest';
import { readSettings, type Settings, soundPolicy } from '../policy/index.js';
import { carriedOutByGateway, restricts, unenforcedRestrictions } from './restricting-settings.js';

const policy = (document: object): Settings => {
  const bytes = Buffer.from(JSON.stringify({ configurationFileVersion: 2, ...document }));
  return soundPolicy(readSettings(bytes, 'admin-settings.json')).settings;
};

test('without a policy, and with one of other things, something may get out', () => {
  expect(unenforcedRestrictions(undefined)).toEqual([]);
  expect(unenforcedRestrictions(policy({ bulkhead: { contact: 'it@example.com' } }))).toEqual([]);
});

test('a policy that says where images may come from keeps everything in for as long as that is not carried out', () => {
  const settings = policy({ bulkhead: { registryAccess: { rules: [] } } });
  expect(unenforcedRestrictions(settings)).toEqual(['bulkhead.registryAccess']);
});

test('what the gateway decides by keeps nothing in, and is told apart', () => {
  const settings = policy({
    containersProxy: { locked: true, mode: 'manual', http: '', https: '', exclude: [] },
    bulkhead: { networkAccess: { default: 'deny', rules: [] } },
  });
  expect(unenforcedRestrictions(settings)).toEqual([]);
  expect(carriedOutByGateway(settings)).toEqual(['containersProxy', 'bulkhead.networkAccess']);
  expect(restricts(settings)).toBe(true);
  expect(restricts(policy({ bulkhead: { contact: 'it@example.com' } }))).toBe(false);
});
