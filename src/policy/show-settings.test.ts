import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readSettings } from './read-settings.js';
import { bulkheadTable, settingTable } from './setting-table.js';
import { settingsPage } from './settings-page.js';
import { bulkheadKeys, type Settings } from './settings-schema.js';
import { settingFacts, type ShownSetting, showSettings } from './show-settings.js';
import { userSettingNames } from './user-setting-table.js';

function policy(settings: object): Settings {
  const text = JSON.stringify({ configurationFileVersion: 2, ...settings });
  const read = readSettings(Buffer.from(text), 'p');
  if (read.problems !== undefined) throw read.problems[0];
  return read.settings;
}

describe('G10 showSettings', () => {
  const given = policy({
    scout: { locked: true, sbomIndexing: false },
    portBindingBehavior: { locked: true, value: 'local-only-port-binding' },
    blockDockerLoad: { locked: false, value: true },
    defaultNetworkingMode: { locked: true, value: 'ipv4only' },
    enhancedContainerIsolation: { locked: false, value: false },
    linuxVM: { dockerDaemonOptions: { locked: true, value: '{"hosts": [], "mtu": 1400}' } },
    bulkhead: { contact: 'Ada', memoryMiB: { locked: false, value: 1024 } },
  });
  const shown = (name: string, user = {}): Partial<ShownSetting> =>
    showSettings(given, user).find((setting) => setting.name === name) ?? {};

  test.each([
    ['portBindingBehavior', 'local-only-port-binding', 'policy, locked', 'carried out'],
    ['blockDockerLoad', true, 'policy, default', 'carried out'],
    ['bulkhead.contact', 'Ada', 'policy, locked', 'carried out'],
    ['bulkhead.memoryMiB', 1024, 'policy, default', 'carried out'],
    ['bulkhead.cpus', 2, 'built-in', 'carried out'],
    ['bulkhead.allowPrivileged', true, 'built-in', 'carried out'],
    ['defaultNetworkingMode', 'ipv4only', 'policy, locked', 'carried out'],
    ['scout', { sbomIndexing: false }, 'policy, locked', 'of no use'],
    ['linuxVM.vpnkitCIDR', '192.168.65.0/24', 'built-in', 'carried out'],
    ['containersProxy', undefined, 'built-in', 'carried out'],
  ])('%s', (name, value, source, standing) => {
    expect(shown(name)).toMatchObject({ value, source, standing });
  });

  test("a user's value is in force where the policy leaves it open, and nowhere else", () => {
    const user = { blockDockerLoad: false, portBindingBehavior: 'default-port-binding' as const };
    expect(shown('blockDockerLoad', user)).toMatchObject({ value: false, source: 'user' });
    expect(shown('portBindingBehavior', user)).toMatchObject({
      value: 'local-only-port-binding',
      source: 'policy, locked',
    });
  });

  test('what is not done as it was asked for is told beside it', () => {
    expect(shown('enhancedContainerIsolation.value')).toMatchObject({
      value: true,
      note: 'the policy asks for false: isolation is never off',
    });
    expect(shown('linuxVM.dockerDaemonOptions').note).toBe('kept from the engine: hosts');
  });

  test('every setting there is has its line', () => {
    const names = settingFacts().map(({ name }) => name);
    const expected = [
      ...Object.keys(settingTable).filter((name) => name !== 'enhancedContainerIsolation'),
      ...bulkheadKeys.map((key) => `bulkhead.${key}`),
      ...userSettingNames,
      'enhancedContainerIsolation.value',
      'enhancedContainerIsolation.dockerSocketMount',
    ];
    expect(names.toSorted()).toEqual([...new Set(expected)].toSorted());
    expect(Object.keys(bulkheadTable).toSorted()).toEqual(bulkheadKeys.toSorted());
  });
});

test('docs/policy.md has the table of settings as it is', () => {
  // Else: `node scripts/settings-page.ts`.
  expect(readFileSync('docs/policy.md', 'utf8')).toContain(
    `<!-- settings -->\n\n${settingsPage()}\n\n<!-- end`,
  );
});
