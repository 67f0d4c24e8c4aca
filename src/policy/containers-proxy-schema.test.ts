import { expect, test } from 'vitest';
import { containersProxySchema, exclusionsOf } from './containers-proxy-schema.js';

const problems = (value: object): readonly string[] =>
  containersProxySchema
    .safeParse({ mode: 'manual', ...value })
    .error?.issues.map(({ path }) => path.join('.')) ?? [];

test.each([
  {},
  { locked: true, http: '', https: '', exclude: [], transparentPorts: '*' },
  {
    http: 'http://proxy.example:3128',
    https: 'socks5://u:p@10.0.0.1:1080',
    exclude: 'a.example, .b.example,*.c.example,10.0.0.0/8',
  },
  { pac: 'https://pac.example/proxy.pac', transparentPorts: '80,443,8000-8999' },
  { pac: '', embeddedPac: 'function FindProxyForURL(url, host) { return "DIRECT" }', transparentPorts: '' },
])('%j is taken', (value) => {
  expect(problems(value)).toEqual([]);
});

test.each([
  [{ mode: 'off' }, 'mode'],
  [{ http: 'ftp://proxy.example' }, 'http'],
  [{ https: 'http://proxy.example/path' }, 'https'],
  [{ exclude: ['http://a.example'] }, 'exclude'],
  [{ exclude: 'a.example,10.0.0.1/8' }, 'exclude'],
  [{ exclude: '127.1' }, 'exclude'],
  [{ pac: '/etc/proxy.pac' }, 'pac'],
  [{ pac: 'file:///etc/proxy.pac' }, 'pac'],
  [{ transparentPorts: '80,x' }, 'transparentPorts'],
  [{ transparentPorts: '65536' }, 'transparentPorts'],
  [{ windowsDockerdPort: 1 }, ''],
])('%j is not', (value, key) => {
  expect(problems(value)).toEqual([key]);
});

test('a list is one, however it is written', () => {
  expect(exclusionsOf(['a, b', 'c', ''])).toEqual(['a', 'b', 'c']);
});
