import { BlockList, isIPv6 } from 'node:net';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ipAddressText, isWithin, parseIpAddress, parseIpNetwork } from './ip-address.js';

describe('parseIpAddress', () => {
  test.each([
    ['10.0.0.5', '10.0.0.5'],
    ['::ffff:10.0.0.5', '10.0.0.5'],
    ['::FFFF:a00:5', '10.0.0.5'],
    ['::', '::'],
    ['::1', '::1'],
    ['2001:DB8::0:1', '2001:db8::1'],
    ['64:ff9b::10.0.0.5', '64:ff9b::a00:5'],
    ['1:0:0:2:0:0:0:3', '1:0:0:2::3'],
    ['0:0:0:2:0:0:0:3', '::2:0:0:0:3'],
    ['fd00::', 'fd00::'],
    ['1:0:2:3:4:5:6:7', '1:0:2:3:4:5:6:7'],
  ])('%s is %s', (text, canonical) => {
    const address = parseIpAddress(text);
    expect(address === undefined ? undefined : ipAddressText(address)).toBe(canonical);
  });

  test.each([
    '',
    '127.1',
    '0x7f.0.0.1',
    '010.0.0.1',
    '2130706433',
    'fe80::1%eth0',
    '1.2.3.4.5',
    '::1::',
    'a',
  ])('%j is none, or can be read in more than one way', (text) => {
    expect(parseIpAddress(text)).toBeUndefined();
  });

  test('what is written is read again as the same', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (text) => {
        const address = parseIpAddress(text);
        if (address === undefined) throw new Error(`${text} was not read`);
        expect(parseIpAddress(ipAddressText(address))).toEqual(address);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('parseIpNetwork', () => {
  test.each([
    '10.0.0.1/8',
    '10.0.0.0/33',
    '10.0.0.0/08',
    '10.0.0.0/',
    'fd00::/129',
    'fd00::1/8',
    '10.0.0.0/8/8',
  ])('%s is none', (text) => {
    expect(parseIpNetwork(text)).toBeUndefined();
  });

  test('an IPv4 network in the clothes of IPv6 is that network', () => {
    expect(parseIpNetwork('::ffff:10.0.0.0/104')).toEqual(parseIpNetwork('10.0.0.0/8'));
    expect(parseIpNetwork('::ffff:0.0.0.0/95')).toBeUndefined();
  });

  test('holds what node says it holds', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.ipV6(), fc.ipV4()),
        fc.oneof(fc.ipV6(), fc.ipV4()),
        fc.nat(128),
        (one, other, length) => {
          const [address, base] = [parseIpAddress(one), parseIpAddress(other)];
          if (address === undefined || base === undefined) throw new Error('not read');
          const prefix = base.family === 4 ? length % 33 : length;
          const behind = BigInt((base.family === 4 ? 32 : 128) - prefix);
          const network = { ...base, value: (base.value >> behind) << behind, prefix };
          const list = new BlockList();
          const text = ipAddressText(base);
          list.addSubnet(text, prefix, isIPv6(text) ? 'ipv6' : 'ipv4');
          const expected =
            address.family === base.family &&
            list.check(ipAddressText(address), address.family === 6 ? 'ipv6' : 'ipv4');
          expect(isWithin(address, network)).toBe(expected);
        },
      ),
      { numRuns: 2000 },
    );
  });
});
