import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isBulkheadError } from '../common/errors/bulkhead-error.js';
import { decodeFacts } from './facts.js';
import { decodeHello } from './hello.js';
import { encodeMessage, MessageDecoder, textOf } from './wire.js';

const message = fc.array(fc.uint8Array({ maxLength: 40 }), { minLength: 1, maxLength: 8 });

/** Cuts bytes into pieces at the given places. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const at = [0, ...places.map((place) => place % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  return at.slice(1).map((end, index) => bytes.subarray(at[index], end));
}

test('what is encoded is decoded, however the stream is cut', () => {
  fc.assert(
    fc.property(
      fc.array(message, { maxLength: 5 }),
      fc.array(fc.nat(), { maxLength: 20 }),
      (sent, places) => {
        const decoder = new MessageDecoder();
        const stream = Buffer.concat(sent.map(encodeMessage));
        const received = cut(stream, places).flatMap((piece) => decoder.push(piece));
        expect(received.map((fields) => fields.map((field) => [...field]))).toEqual(
          sent.map((fields) => fields.map((field) => [...field])),
        );
        expect(decoder.pending).toBe(0);
      },
    ),
  );
});

test('any bytes give messages or our error, in every decoder', () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc
      .array(fc.constantFrom('facts', 'hello', '1', '0', 'create', '/', '1:2', ''), {
        minLength: 1,
        maxLength: 19,
      })
      .map(encodeMessage),
    fc.tuple(message, fc.nat(), fc.nat(255)).map(([fields, at, value]) => {
      const encoded = encodeMessage(fields);
      encoded[at % encoded.length] = value;
      return encoded;
    }),
  );
  fc.assert(
    fc.property(bytes, (input) => {
      try {
        for (const fields of new MessageDecoder(1000).push(Buffer.from(input))) {
          decodeHello(fields);
          decodeFacts(fields, ['/a', '/b']);
        }
      } catch (error) {
        if (!isBulkheadError(error) || error.code !== 'BH_RUNTIME_PROTOCOL') throw error;
      }
    }),
    { numRuns: 2000 },
  );
});

describe('a message is refused when', () => {
  test.each([
    ['it is announced longer than allowed, before it has arrived', Buffer.from([1, 4, 0, 0])],
    ['it is empty', Buffer.from([0, 0, 0, 0])],
    ['a field length is cut off', Buffer.from([3, 0, 0, 0, 1, 2, 3])],
    ['a field is longer than the message', Buffer.from([5, 0, 0, 0, 2, 0, 0, 0, 65])],
  ])('%s', (_, bytes) => {
    expect(() => new MessageDecoder(1024).push(bytes)).toThrow(/do not understand each other/);
  });
});

test('text that is not UTF-8 is refused, not altered', () => {
  expect(() => textOf(Buffer.from([0x61, 0xff]), 'the path')).toThrow('the path is not UTF-8');
  expect(textOf(Buffer.from('\uFEFFé'), 'the path')).toBe('\uFEFFé');
});

describe('hello', () => {
  const stat = `77 (a) 5 (b) S${' 0'.repeat(18)} 123 4096 0\n`;
  const good = ['hello', '1', 'create', '/run/r', 'abc', '/b', stat, '{}'];
  const read = (fields: readonly string[]) => decodeHello(fields.map((field) => Buffer.from(field)));
  const withField = (index: number, value: string) => good.map((field, at) => (at === index ? value : field));

  test('is read', () => {
    expect(read(good)).toEqual({
      command: 'create',
      runtimeRoot: '/run/r',
      containerId: 'abc',
      bundle: '/b',
      creator: { pid: 77, startTime: '123' },
      config: '{}',
    });
  });

  test.each([
    ['another version', withField(1, '2')],
    ['another verb', withField(0, 'facts')],
    ['a command that is not staged', withField(2, 'delete')],
    ['a relative root', withField(3, 'run')],
    ['an id with a slash', withField(4, 'a/b')],
    ['an id that is the parent', withField(4, '..')],
    ['a pid that is none', withField(6, `-${stat}`)],
    ['a process without a start time', withField(6, '77 (runc) S 1')],
    ['a field too few', good.slice(0, 7)],
    ['a field too many', [...good, '']],
  ])('with %s is refused', (_, fields) => {
    expect(() => read(fields)).toThrow(/do not understand each other/);
  });
});
