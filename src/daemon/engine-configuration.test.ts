import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { defaultPolicy } from '../isolation/policy.js';
import { configureEngine, withEntitlements } from './engine-configuration.js';

const confined = { ...defaultPolicy, buildInsecure: 'confined' as const };

test('the entitlement is granted where both settings serve it, beside what else is configured', () => {
  const config = { hosts: ['x'], builder: { gc: { enabled: true }, entitlements: { 'network-host': true } } };
  expect(withEntitlements(config, confined)).toEqual({
    hosts: ['x'],
    builder: { gc: { enabled: true }, entitlements: { 'network-host': true, 'security-insecure': true } },
  });
  expect(withEntitlements(config, defaultPolicy)).toEqual(config);
  expect(withEntitlements(config, { ...confined, allowPrivileged: false })).toEqual(config);
});

test('the file is written once, and by the default policy never', () => {
  const directory = mkdtempSync(join(tmpdir(), 'bulkhead-config-'));
  try {
    const path = join(directory, 'dockerd.json');
    writeFileSync(path, '{ "live-restore": true }\n');
    expect(configureEngine(path, defaultPolicy)).toBe(false);
    expect(readFileSync(path, 'utf8')).toBe('{ "live-restore": true }\n');
    expect(configureEngine(path, confined)).toBe(true);
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({
      'live-restore': true,
      builder: { entitlements: { 'security-insecure': true } },
    });
    expect(configureEngine(path, confined)).toBe(false);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test('options are added beside what is there, and not taken back by the next start of the daemon', () => {
  const directory = mkdtempSync(join(tmpdir(), 'bulkhead-config-'));
  try {
    const path = join(directory, 'dockerd.json');
    writeFileSync(path, '{"hosts": ["x"], "builder": {"entitlements": {"network-host": true}}}');
    const added = { mtu: 1400, builder: { gc: { enabled: false } } };
    expect(configureEngine(path, defaultPolicy, added)).toBe(true);
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({
      hosts: ['x'],
      mtu: 1400,
      builder: { entitlements: { 'network-host': true }, gc: { enabled: false } },
    });
    expect(configureEngine(path, defaultPolicy, added)).toBe(false);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
