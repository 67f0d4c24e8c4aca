import { expect, test } from 'vitest';
import { egressNameServers, readOwnNetworks } from './own-networks.js';

const common = { netmask: '', mac: '', internal: false };

test('the addresses of cards count, those of bridges and of one link alone do not', () => {
  const interfaces = {
    lo: [{ ...common, family: 'IPv4' as const, address: '127.0.0.1', cidr: '127.0.0.1/8' }],
    eth0: [
      { ...common, family: 'IPv4' as const, address: '10.0.2.15', cidr: '10.0.2.15/24' },
      { ...common, family: 'IPv6' as const, address: 'fec0::15', cidr: 'fec0::15/64', scopeid: 0 },
      { ...common, family: 'IPv6' as const, address: 'fe80::1', cidr: 'fe80::1/64', scopeid: 2 },
    ],
    docker0: [{ ...common, family: 'IPv4' as const, address: '172.17.0.1', cidr: '172.17.0.1/16' }],
  };
  expect(readOwnNetworks(interfaces, (name) => name === 'eth0')).toEqual(['10.0.2.15/24', 'fec0::15/64']);
});

test('natively containers are told of the name servers of the families the way out has', () => {
  const both = ['203.0.113.254/29', '2001:db8:6272:6567::2/64'];
  expect(egressNameServers([])).toEqual({});
  expect(egressNameServers(both.slice(0, 1))).toEqual({ dns: ['203.0.113.253'] });
  expect(egressNameServers(both)).toEqual({ dns: ['203.0.113.253', '2001:db8:6272:6567::1'] });
  expect(egressNameServers(['192.168.65.3/24'])).toEqual({});
});
