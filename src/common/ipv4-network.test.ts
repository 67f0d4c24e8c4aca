import { expect, test } from 'vitest';
import { addressIn, ipv4NetworkText, parseIpv4Network } from './ipv4-network.js';

test.each([
  ['192.168.65.0/24', '192.168.65.0/24', '192.168.65.3'],
  ['192.168.65.77/24', '192.168.65.0/24', '192.168.65.3'],
  ['255.255.255.248/29', '255.255.255.248/29', '255.255.255.251'],
  ['10.255.255.254/8', '10.0.0.0/8', '10.0.0.3'],
])('%s is %s', (text, network, third) => {
  const parsed = parseIpv4Network(text);
  if (parsed === undefined) throw new Error('it was not read');
  expect([ipv4NetworkText(parsed), addressIn(parsed, 3)]).toEqual([network, third]);
});

test.each([
  '',
  '10.0.0.0',
  '10.0.0.0/33',
  '10.0.0.0/08',
  '10.0.0/8',
  '010.0.0.0/8',
  '10.0.0.0/8/8',
  'fd00::/8',
])('%s is none', (text) => {
  expect(parseIpv4Network(text)).toBeUndefined();
});
