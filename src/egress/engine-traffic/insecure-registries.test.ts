import { expect, test } from 'vitest';
import { parseAuthority } from '../../common/authority.js';
import { insecureRegistries } from './insecure-registries.js';

const list = ['plain.test', 'odd.test:5000', '10.0.0.0/8', '[2001:db8::7]:5000', '192.0.2.7', 'no/network'];
const rows: readonly (readonly [authority: string, insecure: boolean])[] = [
  ['plain.test:443', true],
  ['plain.test:80', true],
  ['PLAIN.test.:80', true],
  ['plain.test:5000', false],
  ['odd.test:5000', true],
  ['odd.test:443', false],
  ['a.plain.test:443', false],
  ['10.1.2.3:5000', true],
  ['11.1.2.3:5000', false],
  ['[2001:db8::7]:5000', true],
  ['[2001:db8::7]:443', false],
  ['192.0.2.7:443', true],
];

test.each(rows)('%s', (text, insecure) => {
  const { host, port = 443 } = parseAuthority(text) ?? {};
  const isInsecure = insecureRegistries(list);
  expect(host === undefined ? undefined : isInsecure({ scheme: 'https', host, port })).toBe(insecure);
});
