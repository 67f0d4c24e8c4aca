import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { engineOptionsOf, type PortBindingBehavior, type Settings } from '../policy/index.js';
import { engineConfigurationOf, ownProxies, readSettingsInForce } from './settings-in-force.js';

function inForce(policy: Settings | undefined, text: string) {
  const dir = mkdtempSync(join(tmpdir(), 'bulkhead-settings-'));
  const file = join(dir, 'settings');
  writeFileSync(file, text);
  const fd = openSync(file, 'r');
  onTestFinished(() => {
    closeSync(fd);
    rmSync(dir, { recursive: true });
  });
  return readSettingsInForce(policy, fd);
}

const policy: Settings = {
  configurationFileVersion: 2,
  blockDockerLoad: { locked: true, value: true },
  portBindingBehavior: { locked: false, value: 'local-only-port-binding' },
};

test("G01 the daemon itself holds the user's settings against the policy", () => {
  const text = '{"blockDockerLoad": false, "portBindingBehavior": "default-port-binding"}';
  expect(inForce(policy, text)).toMatchObject({
    blockDockerLoad: { value: true },
    portBindingBehavior: { value: 'default-port-binding' },
  });
  expect(inForce(undefined, text).blockDockerLoad.value).toBe(false);
  expect(readSettingsInForce(policy, undefined).portBindingBehavior.source).toBe('policy, default');
});

test.each([
  '',
  '{"blockDockerLoad": {"locked": true, "value": false}}',
  '{"enhancedContainerIsolation": false}',
])('settings that are not in order are none: %s', (text) => {
  expect(() => inForce(policy, text)).toThrow(/^the user's settings:1:\d/);
});

const ports = (portBinding: PortBindingBehavior) => ({ portBinding, networkingMode: 'ipv4only' }) as const;
const direct = { exclude: ['.example.com'] };

test('G08 what is kept is added to the configuration, and what is stripped is named', () => {
  const value = { runtimes: {}, mtu: 1400, 'default-address-pools': [{ base: '10.0.0.0/8', size: 24 }] };
  const configured = (own: string) =>
    engineConfigurationOf(engineOptionsOf(value), ports('default-port-binding'), [own], direct);
  expect(configured('192.0.2.0/24')).toEqual({
    added: { mtu: 1400, 'default-address-pools': value['default-address-pools'] },
    stripped: [expect.objectContaining({ key: 'runtimes' })],
  });
  const colliding = configured('10.0.2.15/24');
  expect(colliding.added).toEqual({ mtu: 1400 });
  expect(colliding.stripped.map(({ key }) => key)).toEqual(['runtimes', 'default-address-pools']);
});

test.each([
  ['dual-stack', { 'com.docker.network.enable_ipv6': 'true' }],
  ['ipv6only', { 'com.docker.network.enable_ipv4': 'false', 'com.docker.network.enable_ipv6': 'true' }],
] as const)(
  'networks are %s where nobody says otherwise, beside what is said of ports',
  (networkingMode, bridge) => {
    const configured = (portBinding: PortBindingBehavior) =>
      engineConfigurationOf(engineOptionsOf({}), { portBinding, networkingMode }, [], direct).added;
    expect(configured('default-port-binding')).toEqual({ 'default-network-opts': { bridge } });
    const local = { ...bridge, 'com.docker.network.bridge.host_binding_ipv4': '127.0.0.1' };
    expect(configured('local-only-port-binding')).toMatchObject({
      'default-network-opts': { bridge: local },
    });
  },
);

test('G07 ports without an address are bound to the loopback by the engine itself', () => {
  const none = engineOptionsOf({});
  expect(engineConfigurationOf(none, ports('default-local-port-binding'), [], direct).added).toEqual({
    ip: '127.0.0.1',
    'default-network-opts': {
      bridge: { 'com.docker.network.bridge.host_binding_ipv4': '127.0.0.1' },
    },
  });
  expect(engineConfigurationOf(none, ports('default-port-binding'), [], direct).added).toEqual({});
});

test("the proxy reaches the engine's own requests, and a list of exceptions alone is no proxy", () => {
  const configured = (proxy: Parameters<typeof engineConfigurationOf>[3]) =>
    engineConfigurationOf(engineOptionsOf({}), ports('default-port-binding'), [], proxy).added;
  expect(configured({ http: 'http://one:1', https: 'http://two:2', exclude: ['a', '.b'] })).toEqual({
    proxies: {
      'http-proxy': 'http://one:1',
      'https-proxy': 'http://two:2',
      'no-proxy': 'a,.b,.docker.internal',
    },
  });
  expect(configured({ https: 'http://two:2', exclude: [] })).toEqual({
    proxies: { 'https-proxy': 'http://two:2', 'no-proxy': '.docker.internal' },
  });
  expect(configured(direct)).toEqual({});
});

test('an engine whose requests end at the gateway has no proxy of its own', () => {
  const proxies = { https: 'http://proxy.test:3128', exclude: [] };
  const ended: Settings = { ...policy, bulkhead: { registryAccess: { rules: [] } } };
  expect(ownProxies(ended, proxies, () => true)).toEqual({ exclude: [] });
  expect(ownProxies(ended, proxies, () => false)).toEqual(proxies);
  expect(ownProxies(policy, proxies, () => true)).toEqual(proxies);
});
