import { expect, test } from 'vitest';
import { unreachable } from './own-addresses.js';

test.each([
  ['127.0.0.1', 'loopback'],
  ['127.255.255.254', 'loopback'],
  ['::1', 'loopback'],
  ['::ffff:127.0.0.1', 'loopback'],
  ['::127.0.0.1', 'loopback'],
  ['203.0.113.253', 'link'],
  ['203.0.113.254', 'link'],
  ['2001:db8:6272:6567::1', 'link'],
  ['0.0.0.0', 'not-of-the-world'],
  ['169.254.169.254', 'not-of-the-world'],
  ['::ffff:169.254.169.254', 'not-of-the-world'],
  ['224.0.0.1', 'not-of-the-world'],
  ['255.255.255.255', 'not-of-the-world'],
  // What clouds have beside 169.254.169.254, and that by a translator.
  ['fd00:ec2::254', 'not-of-the-world'],
  ['fd20:ce::254', 'not-of-the-world'],
  ['fd00:c1::a9fe:a9fe', 'not-of-the-world'],
  ['168.63.129.16', 'not-of-the-world'],
  ['100.100.100.200', 'not-of-the-world'],
  ['64:ff9b::169.254.169.254', 'not-of-the-world'],
  ['64:ff9b::7f00:1', 'loopback'],
  ['::', 'not-of-the-world'],
  ['fe80::1', 'not-of-the-world'],
  ['ff02::1', 'not-of-the-world'],
  ['example.com', 'not-of-the-world'],
] as const)('%s is not reached: %s', (address, why) => {
  expect(unreachable(address)).toBe(why);
});

test.each([
  '192.0.2.1',
  '10.0.0.1',
  '172.17.0.2',
  '203.0.113.1',
  '2001:db8::1',
  'fd00::1',
  '100.64.0.1',
  '64:ff9b::192.0.2.1',
  '::ffff:192.0.2.1',
])('%s is', (address) => {
  expect(unreachable(address)).toBeUndefined();
});
