import { expect, test } from 'vitest';
import { additions, foundation, parseForwards, replacement } from './forward-rules.js';

const web = { protocol: 'tcp', guestPort: 4000, containerAddress: '172.17.0.2', containerPort: 80 } as const;
const names = {
  protocol: 'udp',
  guestPort: 4001,
  containerAddress: '172.17.0.3',
  containerPort: 53,
} as const;

test('replies are marked and nothing that begins a connection; what is named passes, what is not goes nowhere, and what is not of the gateway is not taken for it', () => {
  expect(foundation({ interface: 'eth0', gateway: '192.168.65.1' })).toEqual([
    '*filter',
    '-I DOCKER-USER 1 -i eth0 -m conntrack --ctstate DNAT -j ACCEPT',
    'COMMIT',
    '*raw',
    '-A PREROUTING -s 192.168.65.1/32 ! -i eth0 -j DROP',
    'COMMIT',
    '*mangle',
    '-A PREROUTING -d 192.168.65.1/32 ! -i eth0 -m conntrack --ctstate ESTABLISHED --ctdir REPLY -p tcp -m tcp ! --syn -j MARK --set-mark 0xb0000',
    '-A PREROUTING -d 192.168.65.1/32 ! -i eth0 -m conntrack --ctstate ESTABLISHED --ctdir REPLY -p udp -j MARK --set-mark 0xb0000',
    'COMMIT',
    '*nat',
    ':BULKHEAD-PORTS - [0:0]',
    '-I PREROUTING 1 -i eth0 -j BULKHEAD-PORTS',
    '-A BULKHEAD-PORTS -p tcp -j DNAT --to-destination 127.0.0.1:9',
    '-A BULKHEAD-PORTS -p udp -j DNAT --to-destination 127.0.0.1:9',
    'COMMIT',
  ]);
});

test('forwards come before the end of the chain, added or put in the place of others', () => {
  const rule = '-p tcp -m tcp --dport 4000 -j DNAT --to-destination 172.17.0.2:80';
  expect(additions([web])).toEqual(['*nat', `-I BULKHEAD-PORTS 1 ${rule}`, 'COMMIT']);
  expect(replacement([web])).toEqual([
    '*nat',
    ':BULKHEAD-PORTS - [0:0]',
    `-A BULKHEAD-PORTS ${rule}`,
    '-A BULKHEAD-PORTS -p tcp -j DNAT --to-destination 127.0.0.1:9',
    '-A BULKHEAD-PORTS -p udp -j DNAT --to-destination 127.0.0.1:9',
    'COMMIT',
  ]);
});

test('what the kernel has is read back, its end left out', () => {
  const listing = ['-N BULKHEAD-PORTS', ...replacement([web, names]).slice(2, -1), ''].join('\n');
  expect([...parseForwards(listing)]).toEqual([
    ['tcp/4000', web],
    ['udp/4001', names],
  ]);
});
