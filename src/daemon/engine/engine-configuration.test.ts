import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { defaultPolicy } from '../../isolation/policy.js';
import { askDockerd, configureEngine, withEntitlements } from './engine-configuration.js';

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

const served = async (): Promise<void> => undefined;
const byDefault = { policy: defaultPolicy, added: {}, check: served };

test('what dockerd would not start with never is the file it reads, and is named', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'bulkhead-config-'));
  try {
    const path = join(directory, 'dockerd.json');
    const dockerd = join(directory, 'dockerd');
    writeFileSync(path, '{"mtu": 1500}');
    const script =
      '#!/bin/sh\necho first >&2; cat "$3" >&2; echo >&2; echo "no \\033[31msuch domain" >&2; exit 1\n';
    writeFileSync(dockerd, script, { mode: 0o755 });
    const check = async (file: string): Promise<void> => askDockerd(dockerd, file);
    const added = { 'dns-search': ['a b'] };
    const attempt = configureEngine(path, { policy: defaultPolicy, added, check });
    await expect(attempt).rejects.toThrow('linuxVM.dockerDaemonOptions: no  [31msuch domain.');
    expect(readFileSync(path, 'utf8')).toBe('{"mtu": 1500}');
    expect(readdirSync(directory).toSorted()).toEqual(['dockerd', 'dockerd.json']);
    // One that is not there says nothing, and is no yes.
    await expect(askDockerd(join(directory, 'none'), path)).rejects.toThrow('ENOENT');
    // What is asked about is the whole file as it would be read.
    let asked = '';
    await configureEngine(path, {
      policy: defaultPolicy,
      added,
      check: async (file) => void (asked = readFileSync(file, 'utf8')),
    });
    expect(JSON.parse(asked)).toEqual({ mtu: 1500, 'dns-search': ['a b'] });
    expect(readFileSync(path, 'utf8')).toBe(asked);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test('the file is written once, and by the default policy never', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'bulkhead-config-'));
  try {
    const path = join(directory, 'dockerd.json');
    writeFileSync(path, '{ "live-restore": true }\n');
    expect(await configureEngine(path, byDefault)).toBe(false);
    expect(readFileSync(path, 'utf8')).toBe('{ "live-restore": true }\n');
    expect(await configureEngine(path, { ...byDefault, policy: confined })).toBe(true);
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({
      'live-restore': true,
      builder: { entitlements: { 'security-insecure': true } },
    });
    expect(await configureEngine(path, { ...byDefault, policy: confined })).toBe(false);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test('options are added beside what is there, and not taken back by the next start of the daemon', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'bulkhead-config-'));
  try {
    const path = join(directory, 'dockerd.json');
    writeFileSync(path, '{"hosts": ["x"], "builder": {"entitlements": {"network-host": true}}}');
    const added = { mtu: 1400, builder: { gc: { enabled: false } } };
    expect(await configureEngine(path, { ...byDefault, added })).toBe(true);
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({
      hosts: ['x'],
      mtu: 1400,
      builder: { entitlements: { 'network-host': true }, gc: { enabled: false } },
    });
    expect(await configureEngine(path, { ...byDefault, added })).toBe(false);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
