import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeToRelay, type FromRelay, RelayReader, WireError } from './relay-wire.js';

const said = [
  'hello 1 8000\n',
  'open 65536 172.17.0.2 40000 93.184.216.34 443\n',
  'open 65537 fd00::2 40000 2001:db8::1 65535\n',
  'peeked 65536 more 5\nGET /',
  'peeked 65536 all 0\n',
  'connected 65536\n',
  'failed 65537 111\n',
  'query 7 172.17.0.2 5353 8.8.8.8 3\na\nb',
  'closed 65536 12 9007199254740991\n',
  'refused 3\n',
  'ping 1\n',
].join('');

const understood: readonly FromRelay[] = [
  { kind: 'hello', connections: 8000 },
  {
    kind: 'open',
    id: 65_536,
    from: { address: '172.17.0.2', port: 40_000 },
    to: { address: '93.184.216.34', port: 443 },
  },
  {
    kind: 'open',
    id: 65_537,
    from: { address: 'fd00::2', port: 40_000 },
    to: { address: '2001:db8::1', port: 65_535 },
  },
  { kind: 'peeked', id: 65_536, bytes: Buffer.from('GET /'), all: false },
  { kind: 'peeked', id: 65_536, bytes: Buffer.alloc(0), all: true },
  { kind: 'connected', id: 65_536 },
  { kind: 'failed', id: 65_537, errno: 111 },
  {
    kind: 'query',
    id: 7,
    from: { address: '172.17.0.2', port: 5353 },
    asked: '8.8.8.8',
    bytes: Buffer.from('a\nb'),
  },
  { kind: 'closed', id: 65_536, out: 12, in: 9_007_199_254_740_991 },
  { kind: 'refused', count: 3 },
  { kind: 'ping', number: 1 },
];

test('what the relay says is understood wherever the stream is cut', () => {
  const bytes = Buffer.from(said);
  const places = fc.array(fc.integer({ min: 0, max: bytes.length }), { maxLength: 12 });
  fc.assert(
    fc.property(places, (cuts) => {
      const reader = new RelayReader();
      const ends = [...cuts.sort((a, b) => a - b), bytes.length];
      let from = 0;
      const messages = ends.flatMap((end) => {
        const chunk = bytes.subarray(from, end);
        from = end;
        return [...reader.read(chunk)];
      });
      expect(messages).toEqual(understood);
    }),
  );
});

test.each([
  'nonsense 1\n',
  'open 1 172.17.0.2 40000 93.184.216.34\n',
  'open 1 172.17.0.2 40000 example.com 443\n',
  'open 1 172.17.0.2 65536 93.184.216.34 443\n',
  'open 01 172.17.0.2 1 93.184.216.34 443\n',
  'open 99999999999999999999 172.17.0.2 1 93.184.216.34 443\n',
  'connected -1\n',
  'connected  1\n',
  'connected 1 \n',
  'peeked 1 some 0\n',
  'peeked 1 all 65537\n',
  'hello 2 8000\n',
  '\n',
  'x'.repeat(160),
])('%j is nothing the relay says', (text) => {
  expect(() => [...new RelayReader().read(Buffer.from(text))]).toThrow(WireError);
});

test('whatever comes is a message, the beginning of one, or an error of the wire', () => {
  const words = fc.constantFrom(
    'open',
    'peeked',
    'query',
    'closed',
    '1',
    '0',
    ' ',
    '\n',
    '::1',
    '172.17.0.2',
  );
  const pieces = fc.oneof(words, fc.string({ maxLength: 8 }));
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 40 }), (texts) => {
      const reader = new RelayReader();
      const kinds = (): string[] =>
        texts.flatMap((text) => [...reader.read(Buffer.from(text))].map(({ kind }) => kind));
      expect(outcomeOf(kinds)).toMatch(/^(|[a-z,]+)$/);
    }),
    { numRuns: 2000 },
  );
});

/** What it gives; nothing where it throws what it may. */
function outcomeOf(kinds: () => string[]): string {
  try {
    return kinds().join();
  } catch (error) {
    if (error instanceof WireError) return '';
    throw error;
  }
}

test('what is said to it', () => {
  const to = { address: '2001:db8::1', port: 443 };
  const lines = [
    encodeToRelay({ kind: 'dial', id: 1, to, hold: false }),
    encodeToRelay({ kind: 'dial', id: 1, to, hold: true }),
    encodeToRelay({ kind: 'peek', id: 2, beyond: 517 }),
    encodeToRelay({ kind: 'release', id: 1 }),
    encodeToRelay({ kind: 'reset', id: 2 }),
    encodeToRelay({ kind: 'answer', id: 3, bytes: Buffer.from('\n!') }),
    encodeToRelay({ kind: 'pong', number: 4 }),
  ];
  expect(Buffer.concat(lines).toString()).toBe(
    'dial 1 2001:db8::1 443\ndial 1 2001:db8::1 443 hold\npeek 2 517\nrelease 1\nreset 2\nanswer 3 2\n\n!pong 4\n',
  );
});
