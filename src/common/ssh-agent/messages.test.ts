import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isAnswerTo, mayBeAsked } from './messages.js';

const wireString = (bytes: Uint8Array): Buffer => {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
};
const message = (type: number, ...parts: Uint8Array[]): Buffer =>
  Buffer.concat([Buffer.from([type]), ...parts]);
const flags = Buffer.alloc(4);
const key = wireString(Buffer.from('key'));
const data = wireString(Buffer.from('data'));

test.each<[string, Buffer, boolean]>([
  ['the list of keys', message(11), true],
  ['a signature', message(13, key, data, flags), true],
  [
    'a signature of nothing',
    message(13, wireString(Buffer.alloc(0)), wireString(Buffer.alloc(0)), flags),
    true,
  ],
  ['nothing', Buffer.alloc(0), false],
  ['the list of keys, and more', message(11, flags), false],
  ['a signature without flags', message(13, key, data), false],
  ['a signature, and more', message(13, key, data, flags, flags), false],
  [
    'a key that is longer than the message',
    message(13, Buffer.from([255, 255, 255, 255]), data, flags),
    false,
  ],
  ['the keys of version 1', message(1), false],
  ['a new key', message(17, key, data), false],
  ['a key less', message(18, key), false],
  ['no keys any more', message(19), false],
  ['the keys of a smart card, with a library', message(20, key, data), false],
  ['a lock', message(22, key), false],
  ['the end of a lock', message(23, key), false],
  ['an extension', message(27, wireString(Buffer.from('session-bind@openssh.com'))), false],
])('%s may be asked for: %s', (_what, request, allowed) => {
  expect(mayBeAsked(request)).toBe(allowed);
});

test('of whatever bytes, only those two pass', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      expect(!mayBeAsked(Buffer.from(bytes)) || bytes[0] === 11 || bytes[0] === 13).toBe(true);
    }),
  );
});

test.each([
  [11, 12, true],
  [11, 14, false],
  [13, 14, true],
  [13, 12, false],
  [13, 6, false],
])('to %d an answer of %d is one: %s', (request, answer, is) => {
  expect(isAnswerTo(message(request), message(answer))).toBe(is);
});
