import { expect, test } from 'vitest';
import { ipAddressText } from '../common/ip-address.js';
import { parseDestination } from './destination.js';

/** In one line, so that a table can be read. */
function shown(text: string): string {
  const destination = parseDestination(text);
  if (destination === undefined) return 'none';
  const { hosts, ports } = destination;
  const where =
    hosts.kind === 'network'
      ? `${ipAddressText(hosts.network)}/${hosts.network.prefix}`
      : hosts.kind === 'every'
        ? 'every'
        : hosts.kind === 'name'
          ? hosts.name
          : `below ${hosts.domain}`;
  return ports === undefined ? where : `${where} ${ports.map((range) => range.join('-')).join(',')}`;
}

test.each([
  ['example.com', 'example.com'],
  ['Example.COM.', 'example.com'],
  ['example.com:443', 'example.com 443-443'],
  ['example.com:*', 'example.com 1-65535'],
  ['example.com:80,8000-8999', 'example.com 80-80,8000-8999'],
  ['*.example.com:443', 'below example.com 443-443'],
  ['*', 'every'],
  ['*:22', 'every 22-22'],
  ['10.0.0.5', '10.0.0.5/32'],
  ['10.0.0.0/8:5432', '10.0.0.0/8 5432-5432'],
  ['fd00::/8', 'fd00::/8'],
  ['fd00::1', 'fd00::1/128'],
  ['[fd00::1]:443', 'fd00::1/128 443-443'],
  ['[fd00::/8]:443', 'fd00::/8 443-443'],
  ['::ffff:10.0.0.5', '10.0.0.5/32'],
])('%s is %s', (text, meaning) => {
  expect(shown(text)).toBe(meaning);
});

test.each([
  '',
  ':443',
  'example.com:',
  'example.com:0',
  'https://example.com',
  'example.com/path',
  'a*.example.com',
  '*.*.example.com',
  '*example.com',
  '.example.com',
  'user@example.com',
  '10.0.0.1/8',
  '127.1',
  '0x7f.1',
  '10.0.0.0/33',
  '[10.0.0.5]:443',
  '[example.com]:443',
  '[fd00::1',
  'fd00::1]:443',
  'bücher.example',
  'a b',
  '**',
])('%j is none', (text) => {
  expect(shown(text)).toBe('none');
});
