import { expect, test } from 'vitest';
import { effectiveSettings, readSettings } from '../policy/index.js';
import type { SettingsInUse } from './settings-in-use.js';
import { shapedBySettings } from './vm-settings.js';

function inUse(locked: boolean | undefined): SettingsInUse {
  const document = { configurationFileVersion: 2, bulkhead: { memoryMiB: { locked, value: 1024 } } };
  const { settings } = readSettings(Buffer.from(JSON.stringify(document)), 'p');
  const policy = locked === undefined || settings === undefined ? undefined : { file: '/p.json', settings };
  const own = { bulkhead: { memoryMiB: 8192 } };
  return {
    policy,
    user: { file: '/u.json', settings: own, document: own },
    effective: effectiveSettings(policy?.settings, own),
  };
}

test('an option counts, then the setting in force', () => {
  expect(shapedBySettings({ memory: 600 }, inUse(false))).toMatchObject({ memory: 600, dataSize: 64 });
  expect(shapedBySettings({}, inUse(false)).memory).toBe(8192);
  expect(shapedBySettings({}, inUse(undefined)).memory).toBe(8192);
});

test('G01 an option is no way round a lock', () => {
  expect(shapedBySettings({}, inUse(true)).memory).toBe(1024);
  expect(shapedBySettings({ memory: 1024 }, inUse(true)).memory).toBe(1024);
  expect(() => shapedBySettings({ memory: 8192 }, inUse(true))).toThrow(
    'locked by your organization: /p.json',
  );
});
