import { describe, expect, test } from 'vitest';
import { chooseNetwork, engineNetworks } from './choose-network.js';
import { guestNetwork, kernelNetwork, userNetwork } from './guest-network.js';
import { readHostNetworks } from './host-networks.js';
import { nameServerNotes } from './host-name-servers.js';
import { leftOut } from './left-out.js';
import { searchDomains } from './search-domains.js';

describe('guestNetwork', () => {
  test('the command lines of QEMU and of the kernel say the same', () => {
    const network = guestNetwork('192.168.65.0/24');
    expect(kernelNetwork(network)).toEqual([
      'bulkhead.net=192.168.65.3/24,192.168.65.1,192.168.65.2,192.168.65.4',
      'bulkhead.names-without=ipv6',
    ]);
    expect(userNetwork(network)).toBe(
      'user,id=net0,ipv6=off,net=192.168.65.0/24,host=192.168.65.1,dns=192.168.65.2,dhcpstart=192.168.65.3',
    );
  });

  test('PID 1 is told how many connections a network of containers has', () => {
    const network = { ...guestNetwork('192.168.65.0/24'), flows: 1250 };
    expect(kernelNetwork(network)).toContain('bulkhead.flows=1250');
  });

  test('the kernel is told where the loopback of the host may be reached', () => {
    expect(kernelNetwork(guestNetwork('192.168.65.0/24', 'none', true))).toEqual([
      'bulkhead.net=192.168.65.3/24,192.168.65.1,192.168.65.2,192.168.65.4',
      'bulkhead.host-loopback=reached',
    ]);
  });

  test.each([
    ['auto', 'ipv6'],
    ['ipv4', 'ipv4'],
    ['ipv6', 'ipv6'],
    ['none', undefined],
  ] as const)('dnsInhibition %s leaves out %s', (inhibition, without) => {
    expect(guestNetwork('10.0.0.0/8', inhibition).without).toBe(without);
  });

  test.each([
    ['auto', undefined],
    ['ipv4', 'ipv4'],
    ['ipv6', 'ipv6'],
    ['none', undefined],
  ] as const)(
    'with a gateway, which reaches both families, dnsInhibition %s leaves out %s',
    (inhibition, without) => {
      expect(leftOut(inhibition, 'gateway')).toBe(without);
      expect(guestNetwork('10.0.0.0/8', inhibition, false, true).without).toBe(without);
    },
  );

  test('the smallest network has room, and an address in the network stands for it', () => {
    expect(guestNetwork('10.9.8.15/29')).toEqual({
      cidr: '10.9.8.8/29',
      gateway: '10.9.8.9',
      resolver: '10.9.8.10',
      address: '10.9.8.11/29',
      names: '10.9.8.12',
      without: 'ipv6',
      search: [],
      hostLoopback: false,
      restricted: false,
    });
  });

  test('where the policy says what may get out, QEMU and PID 1 both keep everything in', () => {
    const network = guestNetwork('192.168.65.0/24', 'auto', false, true);
    expect(kernelNetwork(network)).toContain('bulkhead.egress=gateway');
    expect(userNetwork(network)).toMatch(/,restrict=on$/);
  });
});

describe('chooseNetwork', () => {
  const builtIn = { value: '192.168.65.0/24', source: 'built-in' } as const;
  const home = { cidr: '192.168.0.0/16', what: 'wlan0 of this machine' };

  test('the one of the setting, where nobody else has it', () => {
    const { network, notes } = chooseNetwork(builtIn, [{ cidr: '192.168.1.7/24', what: 'eth0' }]);
    expect([network.cidr, notes]).toEqual(['192.168.65.0/24', []]);
  });

  test('another, where nobody has named one and it is taken', () => {
    const taken = [home, { cidr: '172.16.0.0/12', what: 'docker0' }];
    expect(chooseNetwork(builtIn, taken)).toEqual({ network: guestNetwork('10.65.65.0/24'), notes: [] });
  });

  test('one that was named is kept, and the clash told', () => {
    const { network, notes } = chooseNetwork({ value: '192.168.7.0/24', source: 'policy, locked' }, [home]);
    expect(network.cidr).toBe('192.168.7.0/24');
    expect(notes).toEqual([
      "The VM's network 192.168.7.0/24 (linuxVM.vpnkitCIDR; policy, locked) has addresses in common with 192.168.0.0/16 (wlan0 of this machine): the VM does not reach those.",
    ]);
  });

  test('where all are taken it is the one of the setting, and told', () => {
    const { network, notes } = chooseNetwork(builtIn, [{ cidr: '0.0.0.0/0', what: 'everything' }]);
    expect([network.cidr, notes.length]).toEqual(['192.168.65.0/24', 1]);
  });

  test('pools of the engine are somebody else’s as well', () => {
    const pools = [
      { base: '192.168.0.0/16', size: 24 },
      { base: 'fd00::/8', size: 64 },
    ];
    const options = { value: { 'default-address-pools': pools }, source: 'user' } as const;
    const taken = engineNetworks({ 'linuxVM.dockerDaemonOptions': options });
    expect(chooseNetwork(builtIn, taken).network.cidr).toBe('172.30.65.0/24');
    expect(engineNetworks({ 'linuxVM.dockerDaemonOptions': { value: {}, source: 'built-in' } })).toEqual([]);
  });
});

test.each([
  ['nameserver 127.0.0.53\n', 0],
  ['# x\nnameserver fd00::1\nsearch x\nnameserver\t192.0.2.1\n', 0],
  ['nameserver fd00::1', 1],
  ['nameserver fe80::1%eth0\n', 1],
  ['', 1],
])('what is to be told of names where the host asks %j', (file, notes) => {
  const told = nameServerNotes(file).filter((note) =>
    note.includes('names no name server with an IPv4 address'),
  );
  expect(told).toHaveLength(notes);
});

test.each([
  ['nameserver 192.0.2.1\n', []],
  ['search .\n', []],
  ['domain Corp.Example\n', ['corp.example']],
  ['search a.example\nsearch\tb.example. 10.0.0.1 c,d "e" b.example local \n', ['b.example', 'local']],
  ['search x.example\ndomain corp.example\n#search y.example\n', ['corp.example']],
  ['search 1a 2a 3a 4a 5a 6a 7a\n', ['1a', '2a', '3a', '4a', '5a', '6a']],
  [
    `search ${`${'x'.repeat(60)}.`.repeat(4)}example ${'y'.repeat(60)}.example z\n`,
    [`${`${'x'.repeat(60)}.`.repeat(4)}example`, 'z'],
  ],
])('names without a dot are looked up where this machine does, of %j', (file, domains) => {
  expect(searchDomains(file)).toEqual(domains);
});

test('the kernel is told of the domains that are searched', () => {
  const network = { ...guestNetwork('192.168.65.0/24', 'none'), search: ['b.example', 'local'] };
  expect(kernelNetwork(network).slice(1)).toEqual(['bulkhead.search=b.example,local']);
});

describe('readHostNetworks', () => {
  const common = { netmask: '', mac: '' };
  const interfaces = {
    lo: [{ ...common, family: 'IPv4' as const, internal: true, address: '127.0.0.1', cidr: '127.0.0.1/8' }],
    eth0: [
      { ...common, family: 'IPv4' as const, internal: false, address: '10.1.2.3', cidr: '10.1.2.3/16' },
      { ...common, family: 'IPv6' as const, internal: false, address: 'fd::1', cidr: 'fd::1/64', scopeid: 0 },
    ],
  };
  const routes = [
    'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT',
    'eth0\t00000000\t0100010A\t0003\t0\t0\t0\t00000000\t0\t0\t0',
    'tun0\t00000080\t00000000\t0001\t0\t0\t0\t00000080\t0\t0\t0',
    'eth0\t0000010A\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0',
    'tun0\t0041A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0',
    'tun0\t0041A8C0\t00000000\t0001\t0\t0\t9\t00FFFFFF\t0\t0\t0',
    '',
  ].join('\n');

  test('the networks of interfaces and routes, neither the loopback nor the ways out', () => {
    expect(readHostNetworks(interfaces, routes)).toEqual([
      { cidr: '10.1.2.3/16', what: 'eth0 of this machine' },
      { cidr: '192.168.65.0/24', what: 'the route 192.168.65.0/24 of this machine by tun0' },
    ]);
  });

  test('this machine can be read', () => {
    expect(readHostNetworks().every(({ cidr }) => /^[\d.]+\/\d+$/.test(cidr))).toBe(true);
  });
});
