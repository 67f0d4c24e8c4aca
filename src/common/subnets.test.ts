import { expect, test } from 'vitest';
import { overlap } from './subnets.js';

test.each([
  ['10.0.2.0/24', true],
  ['10.0.2.0/29', true],
  ['10.0.2.3/32', true],
  ['10.0.0.0/8', true],
  ['0.0.0.0/0', true],
  ['10.0.3.0/24', false],
  ['172.20.0.0/16', false],
  ['fd00::/64', false],
  ['::/0', false],
  ['10.0.2.0', undefined],
  ['10.0.2.0/33', undefined],
  ['10.0.2.0/24/1', undefined],
  ['10.0.2.0/024', undefined],
  ['010.0.2.0/24', undefined],
  ['::ffff:10.0.2.0/120', undefined],
  ['::ffff:a00:200/120', undefined],
  ['0:0::ffff:a00:200/120', undefined],
  ['', undefined],
])('%s and 10.0.2.15/24: %s', (subnet, expected) => {
  expect(overlap(subnet, '10.0.2.15/24')).toBe(expected);
});

test.each([
  ['fec0::/16', true],
  ['fec0::8/125', true],
  ['fec0:0:0:1::/64', false],
])('%s and fec0::15/64: %s', (subnet, expected) => {
  expect(overlap(subnet, 'fec0::15/64')).toBe(expected);
});

test.each([
  ['192.168.65.0/24', '192.168.0.0/16', true],
  ['192.168.65.0/24', '192.168.65.128/25', true],
  ['192.168.65.0/24', '192.168.64.0/24', false],
  ['0.0.0.0/0', '203.0.113.7/32', true],
  ['10.0.0.0/8', '11.0.0.0/8', false],
])('%s and %s: %s', (one, other, expected) => {
  expect([overlap(one, other), overlap(other, one)]).toEqual([expected, expected]);
});
