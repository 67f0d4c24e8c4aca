import { expect, test } from 'vitest';
import { parseLeaseLine } from './lease-line.js';

test('what publish-port says, by IPv4 and IPv6', () => {
  expect(parseLeaseLine('publish tcp 0.0.0.0 8080 172.17.0.2 80 0')).toEqual({
    protocol: 'tcp',
    hostAddress: '0.0.0.0',
    hostPort: 8080,
    containerAddress: '172.17.0.2',
    containerPort: 80,
    guestPort: 0,
  });
  expect(parseLeaseLine('publish udp :: 53 fd00::2 53 4000')).toMatchObject({
    protocol: 'udp',
    hostAddress: '::',
    guestPort: 4000,
  });
});

test.each([
  ['another word', 'release tcp 0.0.0.0 8080 172.17.0.2 80 0'],
  ['SCTP', 'publish sctp 0.0.0.0 8080 172.17.0.2 80 0'],
  ['a name', 'publish tcp localhost 8080 172.17.0.2 80 0'],
  ['a port 0', 'publish tcp 0.0.0.0 0 172.17.0.2 80 0'],
  ['a port beyond all', 'publish tcp 0.0.0.0 65536 172.17.0.2 80 0'],
  ['a word too few', 'publish tcp 0.0.0.0 8080 172.17.0.2 80'],
  ['a word too many', 'publish tcp 0.0.0.0 8080 172.17.0.2 80 0 1'],
  ['a rule of the firewall in an address', 'publish tcp 0.0.0.0 8080 172.17.0.2\t-j 80 0'],
  ['a sign', 'publish tcp 0.0.0.0 +80 172.17.0.2 80 0'],
])('%s is refused', (_what, line) => {
  expect(parseLeaseLine(line)).toBeUndefined();
});
