import { expect, test } from 'vitest';
import { parseIpAddress } from '../../common/ip-address.js';
import { machineAddresses } from './machine-addresses.js';

test('the addresses of this machine are known in whatever form, and looked up again after a while', () => {
  let addresses = ['198.51.100.7', '2001:DB8:0::7', 'fe80::1%eth0'];
  let now = 0;
  const isOwn = machineAddresses(
    () => addresses,
    () => now,
  );
  const own = (text: string): boolean => {
    const address = parseIpAddress(text);
    return address !== undefined && isOwn(address);
  };
  expect(['198.51.100.7', '::ffff:198.51.100.7', '2001:db8::7', '198.51.100.8'].map(own)).toEqual([
    true,
    true,
    true,
    false,
  ]);
  addresses = ['198.51.100.8'];
  expect(own('198.51.100.8')).toBe(false);
  now = 5000;
  expect([own('198.51.100.8'), own('198.51.100.7')]).toEqual([true, false]);
});

test('of the machine it runs on, the loopback among them', () => {
  const address = parseIpAddress('127.0.0.1');
  expect(address !== undefined && machineAddresses()(address)).toBe(true);
});
