import { expect, test } from 'vitest';
import { canonicalHostName, domainsAbove, isSubdomain } from './host-name.js';

test.each([
  ['example.com', 'example.com'],
  ['EXAMPLE.com.', 'example.com'],
  ['localhost', 'localhost'],
  ['_dmarc.a-b.example', '_dmarc.a-b.example'],
  ['xn--bcher-kva.example', 'xn--bcher-kva.example'],
  [`${'a'.repeat(63)}.example`, `${'a'.repeat(63)}.example`],
  ['1.2.3.example', '1.2.3.example'],
])('%s is %s', (text, name) => {
  expect(canonicalHostName(text)).toBe(name);
});

test.each([
  '',
  '.',
  'example..com',
  '.example.com',
  'example.com..',
  '-a.example',
  'a-.example',
  'bücher.example',
  'a b.example',
  'a/b',
  'a:443',
  'user@a',
  '*.example',
  'exa\0mple.com',
  `${'a'.repeat(64)}.example`,
  `${'a.'.repeat(127)}example`,
  '127.1',
  '10.0.0.5',
  '2130706433',
  '0x7f000001',
  'example.0x',
  '1.2.3.4.5',
  '[::1]',
  '::1',
])('%j is no name of a host', (text) => {
  expect(canonicalHostName(text)).toBeUndefined();
});

test('a sub-domain is below, not beside', () => {
  expect(isSubdomain('a.example.com', 'example.com')).toBe(true);
  expect(isSubdomain('example.com', 'example.com')).toBe(false);
  expect(isSubdomain('aexample.com', 'example.com')).toBe(false);
  expect(isSubdomain('.example.com', 'example.com')).toBe(false);
});

test.each([
  ['a.b.example', ['b.example', 'example']],
  ['localhost', []],
])('%s is below %j', (name, domains) => {
  expect([...domainsAbove(name)]).toEqual(domains);
});
