import { describe, expect, test } from 'vitest';
import { isOnLoopback, maskedProxy, proxyAddress } from './proxy-address.js';
import { effectiveProxy, shownValue } from './proxy-setting.js';

describe('proxyAddress', () => {
  test.each([
    ['proxy.example:3128', 'http://proxy.example:3128'],
    ['http://proxy.example:3128/', 'http://proxy.example:3128'],
    ['HTTPS://Proxy.example', 'https://proxy.example'],
    ['socks5://10.1.2.3:1080', 'socks5://10.1.2.3:1080'],
    ['http://[fd00::1]:3128', 'http://[fd00::1]:3128'],
    // What Go refuses in a password is encoded, so that dockerd can mask it.
    ['ada:p^{|}w@proxy.example:3128', 'http://ada:p%5E%7B%7C%7Dw@proxy.example:3128'],
    ['http://ada@proxy.example', 'http://ada@proxy.example'],
  ])('%s is %s', (text, expected) => {
    expect(proxyAddress(text)).toBe(expected);
  });

  test.each([
    '',
    'ftp://proxy.example',
    'http://proxy.example/path',
    'http://proxy.example?x',
    'http://ada:100%@proxy.example',
    'http://proxy example',
    'http://a\nb',
    'socks5://a,b',
    'proxy.example:99999',
  ])('%j is none', (text) => {
    expect(proxyAddress(text)).toBeUndefined();
  });

  test('what people see has no password', () => {
    expect(maskedProxy('http://ada:secret@proxy.example:1')).toBe('http://xxxxx:xxxxx@proxy.example:1');
    expect(maskedProxy('http://proxy.example:1')).toBe('http://proxy.example:1');
    const value = { mode: 'manual', https: 'ada:secret@proxy.example', exclude: ['a'] };
    expect(shownValue('proxy', value)).toEqual({ ...value, https: 'http://xxxxx:xxxxx@proxy.example' });
    expect(shownValue('proxy', { pac: 'http://ada:secret@pac.example/p' })).toEqual({ pac: 'pac.example/p' });
    expect(shownValue('proxy', '{"http":"http://ada:secret@bad host"}')).toBe('bad host"}');
    expect(shownValue('containersProxy.http', 'ada:100%@x')).toBe('x');
    expect(shownValue('bulkhead.contact', 'ada:secret@x')).toBe('ada:secret@x');
  });

  test.each([
    ['http://localhost:3128', true],
    ['http://127.9.9.9:3128', true],
    ['http://[::1]:3128', true],
    ['http://localhost.example', false],
    ['http://127.example', false],
    ['http://10.0.0.1', false],
  ])('%s is on the loopback: %s', (address, expected) => {
    expect(isOnLoopback(address)).toBe(expected);
  });
});

describe('G02 effectiveProxy', () => {
  const policy = { locked: true, mode: 'manual', http: 'one:1', exclude: 'a, .b.example' } as const;
  const user = { mode: 'manual', http: 'two:2', https: 'three:3' } as const;
  const host = { mode: 'system', http: 'http://host:8' } as const;

  test('a locked one wins, an unlocked one is a default', () => {
    const held = { mode: 'manual', http: 'http://one:1', exclude: ['a', '.b.example'] };
    expect(effectiveProxy(policy, user)).toEqual({ value: held, source: 'policy, locked' });
    const open = { ...policy, locked: false };
    expect(effectiveProxy(open, undefined)).toEqual({ value: held, source: 'policy, default' });
    expect(effectiveProxy(open, user)).toMatchObject({
      value: { http: 'http://two:2', https: 'http://three:3', exclude: [] },
      source: 'user',
    });
  });

  test("the system's addresses are those the host has put in, and never a user's own", () => {
    expect(effectiveProxy(undefined, undefined)).toEqual({
      value: { mode: 'system', exclude: [] },
      source: 'built-in',
    });
    const system = { locked: true, mode: 'system', http: 'ignored:1' } as const;
    expect(effectiveProxy(system, user).value).toEqual({ mode: 'system', exclude: [] });
    expect(effectiveProxy(system, host).value).toMatchObject({ mode: 'system', http: 'http://host:8' });
    expect(effectiveProxy(policy, host).value.http).toBe('http://one:1');
  });
});
