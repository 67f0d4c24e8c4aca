import { describe, expect, test } from 'vitest';
import { parsePacAnswer } from './index.js';

const shown = (text: string): string => {
  const hops = parsePacAnswer(text);
  if (typeof hops === 'string') return 'none';
  return hops
    .map((hop) => (hop.kind === 'proxy' ? `${hop.protocol} ${hop.host} ${hop.port}` : hop.kind))
    .join(', ');
};

describe('H12 an answer', () => {
  test.each([
    ['DIRECT', 'direct'],
    ['direct;', 'direct'],
    ['PROXY proxy.example:3128', 'http proxy.example 3128'],
    [
      '  PROXY  Proxy.Example:3128 ; SOCKS5 10.0.0.1:1080; DIRECT',
      'http proxy.example 3128, socks5 10.0.0.1 1080, direct',
    ],
    ['HTTP a.example:1; HTTPS b.example:2', 'http a.example 1, https b.example 2'],
    ['PROXY a.example', 'http a.example 80'],
    ['HTTPS a.example', 'https a.example 443'],
    ['SOCKS5 [fd00::1]:1080', 'socks5 fd00::1 1080'],
    ['PROXY reject.docker.internal:1', 'reject'],
    ['PROXY REJECT.docker.internal.:65535', 'reject'],
    ['PROXY a.example:1; PROXY reject.docker.internal:1', 'http a.example 1, reject'],
  ])('%j is %s', (text, expected) => {
    expect(shown(text)).toBe(expected);
  });

  test.each([
    '',
    ';',
    'PROXY',
    'PROXY a.example:0',
    'PROXY a.example:65536',
    'PROXY a b',
    'SOCKS a.example:1',
    'SOCKS4 a.example:1',
    'QUIC a.example:1',
    'PROXY http://a.example:1',
    'PROXY user@a.example:1',
    'DIRECT; nonsense',
    'DIRECT;; DIRECT',
    'PROXY 127.1:80',
    'undefined',
    'DIRECT PROXY a.example:1',
  ])('%j is none', (text) => {
    expect(shown(text)).toBe('none');
  });
});
