import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatHandshake, HandshakeParser } from './handshake-parser.js';

const line = { version: 1, nonce: '0123456789abcdef0123456789abcdef' };
const wire = formatHandshake(line);

test('has the documented form', () => {
  expect(wire.toString()).toBe('bulkhead-channel/1 0123456789abcdef0123456789abcdef\n');
});

test('finds the line after garbage, split in every position, and hands back what follows', () => {
  const garbage = Buffer.from('\0\0\x12\n bulkhead-channel/1 0123\nbulkhead-bulkhead-channel/', 'latin1');
  const bytes = Buffer.concat([garbage, wire, Buffer.from('PRI * HTTP/2.0')]);
  for (let at = 0; at <= bytes.length; at++) {
    const parser = new HandshakeParser();
    const first = parser.push(bytes.subarray(0, at));
    const match = first ?? parser.push(bytes.subarray(at));
    expect(match?.line).toEqual(line);
    const unread = first === undefined ? Buffer.alloc(0) : bytes.subarray(at);
    expect(`${match?.rest.toString()}${unread.toString()}`).toBe('PRI * HTTP/2.0');
  }
});

for (const wrong of [
  'bulkhead-channel/01 0123456789abcdef0123456789abcdef\n',
  'bulkhead-channel/1 0123456789ABCDEF0123456789abcdef\n',
  'bulkhead-channel/1  123456789abcdef0123456789abcdef\n',
  'bulkhead-channel/1 0123456789abcdef0123456789abcdef0\n',
  'bulkhead-channel/1 0123456789abcdef0123456789abcdef\r\n',
  'bulkhead-channel/1234567890 0123456789abcdef0123456789abcdef\n',
]) {
  test(`does not take ${JSON.stringify(wrong)} for a line, and finds one right after it`, () => {
    const parser = new HandshakeParser();
    expect(parser.push(Buffer.from(wrong))).toBeUndefined();
    expect(parser.push(wire)?.line).toEqual(line);
  });
}

test('skips lines that are not the awaited one', () => {
  const parser = new HandshakeParser(({ nonce }) => nonce === line.nonce);
  const other = formatHandshake({ version: 1, nonce: 'f'.repeat(32) });
  expect(parser.push(Buffer.concat([other, other]))).toBeUndefined();
  expect(parser.push(Buffer.concat([other, wire]))?.line).toEqual(line);
});

/** Pieces that look like a line's beginning are what a parser with a fixed window trips over. */
const piece = fc.oneof(
  fc.uint8Array({ maxLength: 80 }).map((bytes) => Buffer.from(bytes)),
  fc.nat({ max: wire.length - 1 }).map((length) => wire.subarray(0, length)),
);

test('finds the line whatever precedes it and however it is cut, holding less than a line', () => {
  fc.assert(
    fc.property(
      fc.array(piece),
      fc.array(fc.integer({ min: 1, max: 70 }), { minLength: 1 }),
      (pieces, sizes) => {
        const garbage = Buffer.concat(pieces);
        fc.pre(new HandshakeParser().push(garbage) === undefined);
        const tail = Buffer.from([0, 1, 2, 255]);
        const bytes = Buffer.concat([garbage, wire, tail]);
        const parser = new HandshakeParser();
        let at = 0;
        for (let turn = 0; at < bytes.length; turn++) {
          const size = sizes[turn % sizes.length] ?? 1;
          const match = parser.push(bytes.subarray(at, at + size));
          expect(parser.held).toBeLessThan(61);
          at += size;
          if (match === undefined) continue;
          expect(match.line).toEqual(line);
          expect(Buffer.concat([match.rest, bytes.subarray(at)])).toEqual(tail);
          return;
        }
        expect.fail('the line was not found');
      },
    ),
    { numRuns: 2_000 },
  );
});
