import { expect, test } from 'vitest';
import { readSettings, type Settings, soundPolicy } from '../policy/index.js';
import {
  carriedOutByGateway,
  endsEngine,
  egressOfVm,
  restricts,
  unenforcedRestrictions,
} from './restricting-settings.js';

const policy = (document: object): Settings => {
  const bytes = Buffer.from(JSON.stringify({ configurationFileVersion: 2, ...document }));
  return soundPolicy(readSettings(bytes, 'admin-settings.json')).settings;
};

test('without a policy, and with one of other things, something may get out', () => {
  expect(unenforcedRestrictions(undefined)).toEqual([]);
  expect(unenforcedRestrictions(policy({ bulkhead: { contact: 'it@example.com' } }))).toEqual([]);
});

test.each(['registryAccess', 'imageAccess'])(
  'by %s what the engine asks for is read, and nothing kept in',
  (key) => {
    const settings = policy({ bulkhead: { [key]: key === 'imageAccess' ? {} : { rules: [] } } });
    expect([unenforcedRestrictions(settings), endsEngine(settings)]).toEqual([[], true]);
    expect(carriedOutByGateway(settings)).toEqual([`bulkhead.${key}`]);
  },
);

test('what the gateway decides by keeps nothing in', () => {
  const settings = policy({
    containersProxy: { locked: true, mode: 'manual', http: '', https: '', exclude: [] },
    bulkhead: { networkAccess: { default: 'deny', rules: [] } },
  });
  expect(unenforcedRestrictions(settings)).toEqual([]);
  expect(carriedOutByGateway(settings)).toEqual([]);
  expect([restricts(settings), endsEngine(settings)]).toEqual([true, false]);
  expect(restricts(policy({ bulkhead: { contact: 'it@example.com' } }))).toBe(false);
});

test('a VM is open, has a gateway, or is closed where the gateway would not do all that is asked', () => {
  const networkAccess = { default: 'deny', rules: [] };
  const registryAccess = { rules: [] };
  expect(egressOfVm(undefined)).toBe('open');
  expect(egressOfVm(policy({ bulkhead: { contact: 'it@example.com' } }))).toBe('open');
  expect(egressOfVm(policy({ bulkhead: { registryAccess } }))).toBe('open');
  expect(egressOfVm(policy({ bulkhead: { networkAccess } }))).toBe('gateway');
  expect(egressOfVm(policy({ bulkhead: { networkAccess, registryAccess } }))).toBe('closed');
});
