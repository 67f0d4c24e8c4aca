import { expect, test } from 'vitest';
import { effectiveSettings, type Settings, type UserSettings } from '../../policy/index.js';
import { hostLoopback } from './host-loopback.js';

const ofUser = { bulkhead: { hostLoopback: true } };
const ofPolicy = (locked: boolean, value: boolean): Settings => ({
  configurationFileVersion: 2,
  bulkhead: { hostLoopback: { locked, value } },
});
const open = { locked: true, value: true };

test.each<[string, Settings | undefined, UserSettings, boolean]>([
  ['nobody says anything', undefined, {}, false],
  ['a user without a policy wants it', undefined, ofUser, true],
  ['a policy says nothing', { configurationFileVersion: 2 }, ofUser, false],
  ['a policy locks it', ofPolicy(true, false), ofUser, false],
  ['a policy leaves it to the user', ofPolicy(false, false), ofUser, true],
  ['a policy gives it', ofPolicy(true, true), {}, true],
  ['the API is there as well', { ...ofPolicy(true, true), exposeDockerAPIOnTCP2375: open }, {}, false],
])('where %s', (_what, policy, user, reached) => {
  expect(hostLoopback(effectiveSettings(policy, user)).reached).toBe(reached);
});

test('whoever starts the VM is told of it, and why it is not carried out', () => {
  const told = (user: UserSettings) => hostLoopback(effectiveSettings(undefined, user)).notes;
  expect(told({})).toEqual([]);
  expect(told(ofUser)).toEqual([expect.stringContaining('bulkhead.hostLoopback; user')]);
  const both = told({ ...ofUser, exposeDockerAPIOnTCP2375: true });
  expect(both).toEqual([
    expect.stringContaining('not carried out while exposeDockerAPIOnTCP2375 (user) is on'),
  ]);
});

test('where the policy says what may get out it is not reached, and said so', () => {
  const { reached, notes } = hostLoopback(effectiveSettings(undefined, ofUser), true);
  expect([reached, notes]).toEqual([
    false,
    [expect.stringContaining('bulkhead.networkAccess, containersProxy')],
  ]);
  expect(hostLoopback(effectiveSettings(undefined, {}), true).notes).toEqual([]);
});
