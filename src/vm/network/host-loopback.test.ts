import { expect, test } from 'vitest';
import type { HostLoopback } from '../../egress/connect-access/index.js';
import { effectiveSettings, type Settings, type UserSettings } from '../../policy/index.js';
import { hostLoopback } from './host-loopback.js';

const ofUser = { bulkhead: { hostLoopback: true } };
const ofPolicy = (locked: boolean, value: boolean): Settings => ({
  configurationFileVersion: 2,
  bulkhead: { hostLoopback: { locked, value } },
});
const open = { locked: true, value: true };

test.each<[string, Settings | undefined, UserSettings, HostLoopback]>([
  ['nobody says anything', undefined, {}, 'closed'],
  ['a user without a policy wants it', undefined, ofUser, 'open'],
  ['a policy says nothing', { configurationFileVersion: 2 }, ofUser, 'closed'],
  ['a policy locks it', ofPolicy(true, false), ofUser, 'closed'],
  ['a policy leaves it to the user', ofPolicy(false, false), ofUser, 'open'],
  ['a policy gives it', ofPolicy(true, true), {}, 'open'],
  [
    'the API is there as well',
    { ...ofPolicy(true, true), exposeDockerAPIOnTCP2375: open },
    {},
    'engine-exposed',
  ],
])('where %s', (_what, policy, user, state) => {
  expect(hostLoopback(effectiveSettings(policy, user)).state).toBe(state);
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

test('what is told is true of the way there is', () => {
  const told = (way: Parameters<typeof hostLoopback>[1]): readonly string[] =>
    hostLoopback(effectiveSettings(undefined, ofUser), way).notes;
  expect(told('gateway')).toEqual([
    expect.stringMatching(/by TCP, where no rule of bulkhead\.networkAccess/),
  ]);
  expect(told('none')).toEqual([expect.stringContaining('Without --egress')]);
  expect(hostLoopback(effectiveSettings(undefined, {}), 'gateway').notes).toEqual([]);
});
