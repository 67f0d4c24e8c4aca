import { expect, test } from 'vitest';
import { readFirstBytes } from './index.js';

const read = (text: string) => readFirstBytes(Buffer.from(text, 'latin1'));
const to = (protocol: string) => ({ kind: 'forwarding', protocol });

test.each([
  ['\x05\x01\x00', to('SOCKS 5')],
  ['\x05\x02\x00\x02', to('SOCKS 5')],
  ['\x05\x01', to('SOCKS 5')],
  ['\x04\x01\x01\xbb\x00\x00\x00\x01x\x00blocked.example\x00', to('SOCKS 4')],
  ['\x04\x02\x00\x15', to('SOCKS 4')],
  ['PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\nGET / HTTP/1.1\r\n', to('PROXY')],
  ['PROXY UNKNOWN\r\n', to('PROXY')],
  ['\r\n\r\n\0\r\nQUIT\n\x21\x11', to('PROXY')],
])('%j is said to who connects further', (text, expected) => {
  expect(read(text)).toEqual(expected);
});

test.each(['\x05', '\x04', '\r\n\r\n\0', '\r\n\r\n\0\r\nQUIT'])('%j can still become that', (text) => {
  expect(read(text)).toEqual({ kind: 'more', like: 'proxy' });
});

test.each([
  // DCE/RPC, and Cassandra's native protocol.
  '\x05\x00\x0b\x03',
  '\x04\x00\x00\x00\x05',
  '\x04\x03',
  '\r\n\r\n\0x',
  'PROXYING\r\n',
  'PROXY UDP4\r\n',
])('%j is something else', (text) => {
  expect(read(text)).toEqual({ kind: 'other' });
});

test('what comes in parts is the same at each of them, and never let go as something else', () => {
  for (const whole of ['\x05\x01\x00', '\x04\x01\x01\xbb', 'PROXY TCP6 x\r\n', '\r\n\r\n\0\r\nQUIT\n'])
    for (let length = 1; length < whole.length; length += 1)
      expect([whole, length, read(whole.slice(0, length)).kind]).toEqual([
        whole,
        length,
        expect.stringMatching(/^(?:more|forwarding)$/),
      ]);
});
