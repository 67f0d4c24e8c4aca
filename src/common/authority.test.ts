import { describe, expect, test } from 'vitest';
import * as fc from 'fast-check';
import { hostText, parseAddress, parseAuthority, parseHost } from './authority.js';

describe('a host in its one spelling', () => {
  test.each([
    ['ghcr.io', 'ghcr.io'],
    ['GHCR.io', 'ghcr.io'],
    ['ghcr.io.', 'ghcr.io'],
    ['localhost', 'localhost'],
    ['registry_1', 'registry_1'],
    ['xn--bcher-kva.example', 'xn--bcher-kva.example'],
    ['XN--Bcher-kva.example.', 'xn--bcher-kva.example'],
    ['1.example', '1.example'],
    ['10.0.0.5', '10.0.0.5'],
    ['[::1]', '::1'],
    ['[0:0:0:0:0:0:0:1]', '::1'],
    ['[2001:DB8::0:1]', '2001:db8::1'],
    ['[::ffff:10.0.0.5]', '10.0.0.5'],
    ['[::FFFF:0a00:0005]', '10.0.0.5'],
    ['[64:ff9b::10.0.0.5]', '64:ff9b::a00:5'],
  ])('%s is %s', (text, canonical) => {
    expect(parseHost(text)?.text).toBe(canonical);
  });

  test.each([
    '',
    '.',
    '..',
    'a..b',
    '.a',
    'a.b..',
    '-a',
    'a-',
    'a b',
    'a/b',
    'a:80',
    'a%2eb',
    'bücher.example',
    'ⓖhcr.io',
    '10.0.0.05',
    '10.0.0.5.',
    '10.0.5',
    '0x7f.1',
    '0x7f000001',
    '2130706433',
    '127.1',
    '1.2.3.4.5',
    '256.1.1.1',
    'a.0x',
    '::1',
    '[::1',
    '[fe80::1%eth0]',
    '[fe80::1%25eth0]',
    '[::g]',
    '[10.0.0.5]',
    '[]',
    '*',
    '*.example',
    'a\0b',
    `${'a'.repeat(64)}.example`,
    `${'a.'.repeat(127)}ab`,
  ])('%j is none', (text) => {
    expect(parseHost(text)).toBeUndefined();
  });

  test('of what it takes it makes what it takes as it is', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.domain(),
          fc.ipV4(),
          fc.ipV6().map((text) => `[${text}]`),
        ),
        (text) => {
          const host = parseHost(text);
          if (host === undefined) return;
          expect(parseHost(hostText(host))).toEqual(host);
          expect(new URL(`http://${text}`).hostname.replace(/\.$/, '')).toBe(
            host.kind === 'ipv4' && text.startsWith('[')
              ? new URL(`http://${text}`).hostname
              : hostText(host),
          );
        },
      ),
    );
  });

  test('an address without brackets', () => {
    expect(parseAddress('::FFFF:1.2.3.4')).toEqual({ kind: 'ipv4', text: '1.2.3.4' });
    expect(parseAddress('2001:DB8:0::1')).toEqual({ kind: 'ipv6', text: '2001:db8::1' });
    for (const text of ['', 'ghcr.io', '1.2.3', '01.2.3.4', '[::1]', 'fe80::1%1'])
      expect(parseAddress(text)).toBeUndefined();
  });
});

describe('a host with a port', () => {
  test.each([
    ['ghcr.io', 'ghcr.io', undefined],
    ['ghcr.io:443', 'ghcr.io', 443],
    ['[::1]:5000', '::1', 5000],
    ['10.0.0.5:1', '10.0.0.5', 1],
  ])('%s', (text, host, port) => {
    const authority = parseAuthority(text);
    expect([authority?.host.text, authority?.port]).toEqual([host, port]);
  });

  test.each([
    'ghcr.io:',
    'ghcr.io:0',
    'ghcr.io:0443',
    'ghcr.io:65536',
    'ghcr.io:+1',
    'ghcr.io:1:2',
    '::1:5000',
    ':80',
    'user@ghcr.io',
    'ghcr.io:80 ',
  ])('%j is none', (text) => {
    expect(parseAuthority(text)).toBeUndefined();
  });
});
