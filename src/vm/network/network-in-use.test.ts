import { expect, test } from 'vitest';
import { effectiveSettings, type Settings } from '../../policy/index.js';
import { networkInUse } from './network-in-use.js';

const office = { networks: [{ cidr: '10.0.0.0/8', what: 'eth0 of this machine' }], nameServers: '' };
const quiet = {
  networks: [],
  nameServers: 'nameserver 192.0.2.1\nsearch corp.example\n',
  descriptors: 20_000,
};
const policy: Settings = {
  configurationFileVersion: 2,
  dnsInhibition: { locked: true, value: 'ipv4' },
  linuxVM: { vpnkitCIDR: { locked: true, value: '10.20.0.0/20' } },
  bulkhead: { hostLoopback: { locked: true, value: true } },
};
const user = { linuxVM: { vpnkitCIDR: '172.22.0.0/24' }, dnsInhibition: 'none' } as const;

test('what the policy locks is in force, whatever the user has', () => {
  const { network } = networkInUse(effectiveSettings(policy, user), false, quiet);
  expect(network).toEqual({
    cidr: '10.20.0.0/20',
    gateway: '10.20.0.1',
    resolver: '10.20.0.2',
    address: '10.20.0.3/20',
    names: '10.20.0.4',
    without: 'ipv4',
    search: ['corp.example'],
    hostLoopback: true,
    flows: 1250,
    restricted: false,
  });
});

test("without a policy the user's own is", () => {
  const { network, notes } = networkInUse(effectiveSettings(undefined, user), false, quiet);
  expect([network.cidr, network.without, network.hostLoopback]).toEqual(['172.22.0.0/24', undefined, false]);
  expect(notes).toEqual([]);
});

test('all there is to know is told: the clash, the loopback that is open, the names that will not resolve', () => {
  const { notes } = networkInUse(effectiveSettings(policy, {}), false, office);
  expect(notes).toEqual([
    expect.stringContaining('10.20.0.0/20 (linuxVM.vpnkitCIDR; policy, locked)'),
    expect.stringContaining('reaches every service'),
    expect.stringContaining('names no name server'),
  ]);
});

test('what nobody has named keeps clear of the host and of pools of the engine', () => {
  const pools = { 'default-address-pools': [{ base: '192.168.64.0/18', size: 24 }] };
  const settings = effectiveSettings(undefined, { linuxVM: { dockerDaemonOptions: pools } });
  const { network, notes } = networkInUse(settings, false, { ...office, nameServers: quiet.nameServers });
  expect([network.cidr, notes]).toEqual(['172.30.65.0/24', []]);
});

test('where the policy says what may get out, names are the gateway’s, and the loopback is reached by that alone', () => {
  const { network, notes } = networkInUse(effectiveSettings(policy, {}), true, { ...quiet, nameServers: '' });
  expect([network.restricted, network.hostLoopback]).toEqual([true, false]);
  expect(notes).toEqual([expect.stringContaining('where no rule of bulkhead.networkAccess is against it')]);
});
