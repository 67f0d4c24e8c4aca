import { describe, expect, test } from 'vitest';
import { effectiveSettings } from './effective-settings.js';
import { readSettings } from './read-settings.js';
import type { Settings } from './settings-schema.js';
import { readUserSettings, type UserSettings, userSettingsSchema, withSetting } from './user-settings.js';
import { isPolicySetting, nearSettings, userSettingNamed, userSettingNames } from './user-setting-table.js';
import { namesOf } from './key-names.js';

const bytes = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

function policy(settings: object): Settings {
  const read = readSettings(bytes({ configurationFileVersion: 2, ...settings }), 'p');
  if (read.problems !== undefined) throw read.problems[0];
  return read.settings;
}

function user(settings: object): UserSettings {
  const read = readUserSettings(bytes(settings), 'u');
  if (read.problems !== undefined) throw read.problems[0];
  return read.value;
}

describe('G01 G02 effectiveSettings', () => {
  const users = { portBindingBehavior: 'default-port-binding', bulkhead: { memoryMiB: 4096 } };
  const locked = (isLocked: boolean): Settings =>
    policy({
      portBindingBehavior: { locked: isLocked, value: 'local-only-port-binding' },
      bulkhead: { memoryMiB: { locked: isLocked, value: 1024 } },
    });

  test('a locked value wins, whatever the user has', () => {
    const effective = effectiveSettings(locked(true), user(users));
    expect(effective.portBindingBehavior).toEqual({
      value: 'local-only-port-binding',
      source: 'policy, locked',
    });
    expect(effective['bulkhead.memoryMiB']).toEqual({ value: 1024, source: 'policy, locked' });
  });

  test('an unlocked one is a default, which the user overrides, with the same value as well', () => {
    const [without, withUsers] = [{}, users].map((own) => effectiveSettings(locked(false), user(own)));
    expect(without?.['bulkhead.memoryMiB']).toEqual({ value: 1024, source: 'policy, default' });
    expect(withUsers?.['bulkhead.memoryMiB']).toEqual({ value: 4096, source: 'user' });
    expect(withUsers?.portBindingBehavior).toEqual({ value: 'default-port-binding', source: 'user' });
  });

  test("without the policy the user's own values are back, and without both the built-in ones", () => {
    expect(effectiveSettings(undefined, user(users))['bulkhead.memoryMiB'].value).toBe(4096);
    const nobody = effectiveSettings(undefined, {});
    const sources = userSettingNames.map((name) => nobody[name].source);
    expect(new Set(sources)).toEqual(new Set(['built-in']));
    expect(nobody.exposeDockerAPIOnTCP2375.value).toBe(false);
  });

  test('nothing is changed in what it is given', () => {
    const [given, own] = [locked(true), user(users)];
    const before = structuredClone([given, own]);
    effectiveSettings(given, own);
    expect([given, own]).toEqual(before);
  });

  test("the API's port opens under a policy only where that has the key", () => {
    const own = user({ exposeDockerAPIOnTCP2375: true });
    const exposed = (given: Settings | undefined): unknown =>
      effectiveSettings(given, own).exposeDockerAPIOnTCP2375.value;
    expect(exposed(undefined)).toBe(true);
    expect(exposed(policy({}))).toBe(false);
    expect(exposed(policy({ exposeDockerAPIOnTCP2375: { value: false } }))).toBe(true);
    expect(exposed(policy({ exposeDockerAPIOnTCP2375: { value: false, locked: true } }))).toBe(false);
  });
});

describe("a user's file", () => {
  test.each([
    [{ blockDockerLoad: { locked: true, value: false } }, 'blockDockerLoad: invalid input: expected boolean'],
    [
      { enhancedContainerIsolation: { value: false } },
      'enhancedContainerIsolation: no setting has this name',
    ],
    [{ bulkhead: { allowPrivileged: true } }, 'bulkhead.allowPrivileged: no setting has this name'],
    [{ bulkhead: { shares: ['src'] } }, 'bulkhead.shares[0]: not an absolute path'],
    [{ linuxVM: { dockerDaemonOptions: '{"mtu": "x"}' } }, 'linuxVM.dockerDaemonOptions: mtu: '],
    [{ linuxVM: { vpnkitCIDR: 'fd00::/64' } }, 'linuxVM.vpnkitCIDR: invalid: not an IPv4 network'],
    [{ linuxVM: { vpnkitCIDR: '10.0.0.0/30' } }, 'linuxVM.vpnkitCIDR: invalid: not an IPv4 network'],
    [{ linuxVM: { vpnkitCIDR: '127.0.0.0/24' } }, 'linuxVM.vpnkitCIDR: invalid: not an IPv4 network'],
    [{ linuxVM: { vpnkitCIDR: '224.0.0.0/24' } }, 'linuxVM.vpnkitCIDR: invalid: not an IPv4 network'],
    [{ proxy: { mode: 'manual', http: 'ftp://x' } }, 'proxy.http: not the address of a proxy'],
    [{ proxy: { mode: 'manual', exclude: ['a b'] } }, 'proxy.exclude: not a list of hosts'],
    [{ proxy: { mode: 'manual', locked: true } }, 'proxy.locked: no setting has this name'],
    [{ proxy: { http: 'proxy.example' } }, 'proxy.mode: '],
  ])('%j is refused', (file, expected) => {
    const { problems = [] } = readUserSettings(bytes(file), 'u');
    expect(problems.map(({ message }) => message)).toEqual([expect.stringContaining(expected)]);
  });

  test('gets and loses values without a trace', () => {
    const one = withSetting({ blockDockerLoad: true }, 'linuxVM.dockerDaemonOptions', '{}');
    expect(one).toEqual({ blockDockerLoad: true, linuxVM: { dockerDaemonOptions: '{}' } });
    const two = withSetting(one, 'bulkhead.cpus', 2);
    expect(withSetting(withSetting(two, 'bulkhead.cpus', undefined), 'blockDockerLoad', undefined)).toEqual({
      linuxVM: { dockerDaemonOptions: '{}' },
    });
    expect(withSetting(one, 'linuxVM.dockerDaemonOptions', undefined)).toEqual({ blockDockerLoad: true });
  });

  test('holds the settings of the table and no others', () => {
    const folded = namesOf(userSettingsSchema);
    const ofProxy = ['mode', 'http', 'https', 'exclude'];
    const parts = [...userSettingNames.flatMap((name) => name.split('.')), ...ofProxy];
    expect(new Set(parts)).toEqual(new Set(folded.values()));
    for (const name of userSettingNames)
      expect(isPolicySetting(name) || name === 'bulkhead.shares').toBe(true);
  });
});

test('names are found in any case, and near ones are told', () => {
  expect(userSettingNamed('LINUXVM.dockerdaemonoptions')).toBe('linuxVM.dockerDaemonOptions');
  expect(userSettingNamed('toString')).toBeUndefined();
  expect(nearSettings('portBindingBehaviour')[0]).toBe('portBindingBehavior');
  expect(nearSettings('memory')).toEqual(['bulkhead.memoryMiB']);
  expect(nearSettings('cpu')[0]).toBe('bulkhead.cpus');
  expect(nearSettings('quantum entanglement')).toEqual([]);
});
